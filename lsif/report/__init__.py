"""The morning page: what a night did, for whom, and whether it was any good, as one file that opens anywhere.

Each section is a function of a `Night` (what the tables say) and of `Words` (a language) that gives blocks: sentences,
figures, tables, charts. A template lays them out.
"""

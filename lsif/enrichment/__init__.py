"""What a large language model says of the catalogue's texts, asked and answered in files, apart from the nights.

Requests are lines of OpenAI's batch format; answers are its output. Nothing here calls a model. A text is data:
whatever stands in it, its answer can only say something of that text, in words from closed lists, and only what the
text's own words bear out.
"""

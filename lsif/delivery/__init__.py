"""Where published lists go: databases that other programs read, each a load at a time and one switch.

A load is written beside the one that is read, whole, and then one small change points readers at it. Whoever dies
before leaves readers where they were; of two at once the one that switches first wins, and the other notices.
"""

from lsif.delivery.delivering import delivered, holds
from lsif.delivery.places import opened
from lsif.delivery.published import Published
from lsif.delivery.several import OWNERS, chosen, each
from lsif.delivery.standing import Live, Load, Place

__all__ = ["OWNERS", "Live", "Load", "Place", "Published", "chosen", "delivered", "each", "holds", "opened"]

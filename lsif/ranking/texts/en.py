"""English."""

from lsif.ranking.texts.words import Verb, Words

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def gap(days: int) -> str:
    return "day" if days == 1 else f"{days} days"


def when(days: int, weekday: int) -> str:
    if days < 2:
        return ("today", "yesterday")[days]
    if days < 7:
        return f"on {WEEKDAYS[weekday]}"
    return f"{days} days ago" if days < 61 else f"{round(days / 30.4)} months ago"


ENGLISH = Words(
    verbs=(
        Verb((), "come across $it", "came across $it"),
        Verb(("purchase", "buy", "order", "sale", "transaction", "checkout"), "buy $it", "bought $it"),
        Verb(("view", "browse", "click", "visit", "look", "detail", "pageview"), "look at $it", "looked at $it"),
        Verb(("cart", "addtocart", "basket", "addtobasket"), "put $it into the basket", "put $it into the basket"),
        Verb(("read",), "read $it", "read $it"),
        Verb(("watch",), "watch $it", "watched $it"),
        Verb(("play", "listen"), "play $it", "played $it"),
        Verb(("rate", "rating"), "rate $it", "rated $it"),
        Verb(("like", "favourite", "favorite"), "like $it", "liked $it"),
        Verb(("save", "bookmark", "wishlist"), "save $it", "saved $it"),
        Verb(("comment", "review"), "comment on $it", "commented on $it"),
        Verb(("search",), "search for $it", "searched for $it"),
    ),
    this="this",
    titled="“$title”",
    often="You $does about every $gap; the last time was $when.",
    once="You $did $when.",
    one="Because you $did $when.",
    alike="Because you $did $when.",
    two="Because you $did $when and $did_too $when_too.",
    both="$first and $second",
    codes={
        "popular": "Popular now.",
        "popular_fallback": "Popular now.",
        "pinned": "Picked by our editors.",
        "explored": "Drawn at random, to try.",
        "rotated": "Something else for a change.",
        "long_habit": "Like what you usually take.",
        "recent_habit": "Like what you took lately.",
        "long_interest": "Close to what you usually choose.",
        "recent_interest": "Close to what you chose lately.",
    },
    searched="Close to what you searched for.",
    gap=gap,
    when=when,
)

"""Chinese, in simplified characters."""

from lsif.ranking.texts.words import Verb, Words

WEEKDAYS = "一二三四五六日"


def gap(days: int) -> str:
    return "每天" if days == 1 else f"每{days}天"


def when(days: int, weekday: int) -> str:
    if days < 2:
        return ("今天", "昨天")[days]
    if days < 7:
        return f"星期{WEEKDAYS[weekday]}"
    return f"{days}天前" if days < 61 else f"{round(days / 30.4)}个月前"


CHINESE = Words(
    verbs=(
        Verb((), "接触$it", "接触过$it"),
        Verb(("purchase", "buy", "order", "sale", "transaction", "checkout"), "购买$it", "购买过$it"),
        Verb(("view", "browse", "click", "visit", "look", "detail", "pageview"), "浏览$it", "浏览过$it"),
        Verb(("cart", "addtocart", "basket", "addtobasket"), "把$it放入购物车", "把$it放入过购物车"),
        Verb(("read",), "阅读$it", "阅读过$it"),
        Verb(("watch",), "观看$it", "观看过$it"),
        Verb(("play", "listen"), "播放$it", "播放过$it"),
        Verb(("rate", "rating"), "评价$it", "评价过$it"),
        Verb(("like", "favourite", "favorite"), "喜欢$it", "喜欢过$it"),
        Verb(("save", "bookmark", "wishlist"), "收藏$it", "收藏过$it"),
        Verb(("comment", "review"), "评论$it", "评论过$it"),
        Verb(("search",), "搜索$it", "搜索过$it"),
    ),
    this="此商品",
    titled="“$title”",
    often="您大约$gap$does一次，上次是$when。",
    once="您$when$did。",
    one="因为您$when$did。",
    alike="因为您$when$did。",
    two="因为您$when$did，$when_too$did_too。",
    both="$first和$second",
    codes={
        "popular": "近期热门。",
        "popular_fallback": "近期热门。",
        "pinned": "编辑精选。",
        "explored": "随机选出，供您尝试。",
        "rotated": "换换口味。",
        "long_habit": "与您的日常习惯相符。",
        "recent_habit": "与您最近的习惯相符。",
        "long_interest": "与您长期的兴趣相近。",
        "recent_interest": "与您最近的兴趣相近。",
    },
    searched="与您搜索的内容相近。",
    gap=gap,
    when=when,
)

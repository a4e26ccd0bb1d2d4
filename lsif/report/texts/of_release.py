"""What the page of released numbers says."""

ENGLISH_RELEASE = {
    "released_title": "Released for {ds}",
    "released_heading": "Released for {day}",
    "released_lead": "Each number has noise, so that what any one user did changes what this page "
    "may say by little: epsilon {epsilon}, delta {delta}. Intervals hold the number without noise in 95 of 100 cases.",
    "released_none": "No number of this day is large enough to be released.",
    "released_items": "What people took",
    "released_items_lead": "Users who took an item in the seven days up to then, of items that enough users took; "
    "of one who took many, some count.",
    "released_users": "Users",
    "released_item": "Item",
    "released_groups": "What lists were worth",
    "released_groups_lead": "The mean over the users of each group that is large enough.",
    "released_footer": "Made by LSIF from its table of released numbers and the catalogue.",
}
CHINESE_RELEASE = {
    "released_title": "{ds} 的对外数字",
    "released_heading": "{day}的对外数字",
    "released_lead": "每个数字都加了噪声，任何一位用户的行为对本页内容的影响都很小：epsilon {epsilon}，"
    "delta {delta}。区间以 95% 的把握包含未加噪声的数字。",
    "released_none": "这一天没有大到可以对外的数字。",
    "released_items": "人们选择了什么",
    "released_items_lead": "截至当天的七天内选择某商品的用户数，只列出用户足够多的商品；"
    "选择很多商品的用户只计其中一部分。",
    "released_users": "用户数",
    "released_item": "商品",
    "released_groups": "列表的价值",
    "released_groups_lead": "每个足够大的用户群体的平均值。",
    "released_footer": "由 LSIF 根据对外数字表与商品目录生成。",
}

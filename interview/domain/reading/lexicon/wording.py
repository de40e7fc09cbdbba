"""How things are said: who acted, what it cost, what went wrong, what is only air."""

ROLES = (
    (
        "role.led",
        "主导|牵头|带领|领导|负责人|组长|护士长|led|lead|leading|headed|spearheaded|team lead|"
        "tech lead|charge nurse",
    ),
    (
        "role.managed",
        "管理|统筹|managed|manager of|oversaw|supervised|coordinated|ran|run|look after|"
        "looks after|looked after|looking after|maintain|maintained",
    ),
    (
        "role.mentored",
        "指导|带教|带出|教出|培养|辅导|mentored|coached|trained|precepted|taught",
    ),
    ("role.designed", "设计|架构|规划|制定|designed|architected|planned|drafted|defined"),
    (
        "role.built",
        "搭建|开发|实现|构建|编写|从零|从0到1|建立|落地|重写|重构|上线|接入|built|developed|"
        "implemented|created|"
        "wrote|launched|shipped|rewrote|migrated|established|introduced|set up|refactored|"
        "种植|栽培|培育|养护|修复|维修|安装|施工|起草|代理|审查|谈判|"
        "planted|restored|repaired|installed|grew|baked|cooked|drafted|negotiated|represented",
    ),
    (
        "role.improved",
        "优化|提升|改进|降低|缩短|减少|提高|improved|optimized|optimised|reduced|increased|cut|"
        "grew|raised|"
        "boosted|accelerated|decreased|lowered|streamlined|saved",
    ),
    (
        "role.owned",
        "负责|独立|独自|owned|responsible for|in charge of|own|accountable for|solely|"
        "administered|delivered|closed",
    ),
    (
        "role.participated",
        "参与|协助|配合|支持|参加|participated|assisted|supported|helped|contributed|involved in|"
        "worked on|part of",
    ),
)

# they hold a role's word and claim no role
NO_ROLES = "线上线下|线上和线下|our own|their own|its own|his own|her own|your own|on my own time"

BUZZWORDS = (
    "赋能|抓手|闭环|沉淀|对齐|拉通|颗粒度|生态|打法|链路|心智|矩阵|护城河|顶层设计|方法论|组合拳|"
    "底层逻辑|中台|一站式|"
    "全方位|高效协同|降本增效|价值最大化|深度融合|数字化转型|端到端|智能化|多维度|体系化|精细化|"
    "结果导向|"
    "synergy|synergies|leverage|leveraged|leveraging|best practice|best practices|best-in-class|"
    "cutting-edge|cutting edge|"
    "world-class|world class|holistic|robust|scalable|seamless|seamlessly|end-to-end|paradigm|"
    "disruptive|innovative|"
    "results-driven|data-driven|empower|empowered|empowering|ecosystem|value-add|value add|"
    "stakeholder alignment|alignment|streamline|"
    "digital transformation|game changer|game-changing|state-of-the-art|next-generation|"
    "proactive|dynamic|passionate|"
    "thought leadership|move the needle|north star|low-hanging fruit|win-win|agile mindset|"
    "strategic|impactful|mission-critical"
)

VAGUE = (
    "很多|不少|显著|大幅|明显|很好|非常好|不错|极大|各种|一些|若干|诸多|全面|"
    "a lot|lots of|many|significantly|significant|greatly|very well|really well|various|several|"
    "much better|huge|massively|"
    "all kinds of|a number of"
)

EVASIVE = (
    "记不清|记不太清|不太记得|想不起来|不好说|看情况|视情况而定|具体情况具体分析|差不多吧|大概吧|"
    "应该吧|可能吧|都行吧|"
    "都差不多|不方便透露|这个很难讲|很难说|因人而异|反正就是|怎么说呢|"
    "hard to say|it depends|depends on the situation|can't really remember|don't really remember|"
    "do not remember|don't remember|"
    "can't recall|i guess|more or less|something like that|and so on and so forth|"
    "you know how it is|whatever works|"
    "kind of everything|a bit of everything|i would rather not say|it varies"
)

HEDGES = (
    "差不多|大概|好像|也许|可能|应该是|基本上|大致|似乎|或许|"
    "maybe|probably|perhaps|sort of|kind of|somewhat|basically|roughly|i think|might have|"
    "more or less|presumably"
)

BRANCHES = "如果|要是|假如|一旦|当时|取决于|看的是|if|when|unless|whether|in case"

CONDITIONS = "如果|要是|假如|一旦|if|unless|in case"

UNKNOWN = (
    "我不知道|不知道|没做过|没接触过|不了解|答不上来|答不出来|没有经验|不清楚|没碰过|没想过|"
    "我不会|没遇到过|没量过|不懂|"
    "i don't know|i do not know|don't know|do not know|no idea|i have not done|i haven't done|"
    "haven't worked|never worked|"
    "never done|have no experience|no experience with|i can't answer|cannot answer|"
    "i am not familiar|i'm not familiar|"
    "not something i have|never measured|never used|i have never|i've never|"
    "idk|dunno|no clue|没亲自量|没有量过|没数过|没统计过"
)

INQUIRY = (
    "我会先|我会去|我会查|我会问|我会看|我会从|会先|会去查|会去问|可以先|打算先|第一步|我先去|"
    "去翻|去查|去问|做个实验|"
    "复现|验证一下|i would|i'd|i will|i'll|my first step|first thing i|find out|look it up|"
    "start by|i can check|"
    "to find out"
)

TRADEOFFS = (
    "而不是|没有选|没选|放弃了|放弃|宁可|宁愿|换来|换的是|换取|牺牲了|牺牲|代价是|代价就是|代价|"
    "副作用|坏处是|缺点是|"
    "取舍是|舍掉|没用|不用|相比之下|虽然|"
    "instead of|rather than|at the cost of|at the price of|gave up|giving up|in exchange for|"
    "the cost was|it cost us|costs us|"
    "the price was|the price is|the price we|trade-off was|trade-off is|tradeoff was|tradeoff is|"
    "trade-off:|the downside|"
    "traded|we lost|i lost|sacrificed|sacrificing|turned down|rejected|chose not to|"
    "decided against|over the alternative|"
    "preferred|paid for it with|paid with"
)

FAILURES = (
    "失败|故障|挂了|挂掉|超时|宕机|崩溃|崩了|断了|断流|断开|回滚|降级|熔断|重试|告警|报警|事故|"
    "出错|误报|漏报|漏掉|泄漏|"
    "不一致|丢数据|丢消息|丢失|雪崩|打满|写错|弄错|搞砸|出问题|最差|复盘|限流|投诉|跌倒|感染|"
    "休克|抢救|恶化|误差|延期|"
    "failure|failures|fails|failed|fail|failing|outage|outages|timeout|timeouts|timed out|"
    "time out|roll back|rolled back|rollback|"
    "incident|incidents|crash|crashed|crashes|broke|breaks|broken|went wrong|goes wrong|alert|"
    "alerts|paged|retry|retries|"
    "degrade|degraded|degrades|circuit breaker|breaker|stale|lost data|data loss|overload|"
    "overloaded|worst|mistake|wrong|"
    "post-mortem|postmortem|complaint|complaints|fell|falls|fall risk|infection|deteriorated|"
    "slipped|missed|rate limit|429|503|bug"
)

NEGATIONS = "没有|从没|从未|没|零|无|未|不会|no|never|without|not|zero|none"

REASONS = (
    "因为|由于|原因是|原因在|根因|所以|导致|因此|之所以|为了|这样一来|这样就|才能|否则|于是|"
    "其实是|问题出在|瓶颈在|瓶颈是|"
    "because|due to|root cause|so that|which meant|which means|therefore|the reason|that is why|"
    "that's why|which is why|otherwise|"
    "in order to|as a result of|caused by|turned out|the bottleneck|it meant|hence|so the|so we|"
    "so i|so it|so they|so he|so she"
)

MEASURED = (
    "压测|监控|日志|埋点|口径|看板|报表|抽样|抽查|问卷|a/b|ab实验|对照|复核|盘点|审计|回访|统计|"
    "量的|量出来|测的|测出来|"
    "分母|台账|系统里导|后台数据|使用率数据|火焰图|实测|统计窗口|核对|财务核|"
    "grafana|prometheus|dashboard|load test|load-test|load tests|logs|log|survey|surveyed|"
    "sampled|measured|tracked|audit|audited|"
    "control|holdout|user data|production data|field data|usage data|spot checked|spreadsheet|"
    "report from|reports from|profiler|profiled|flame graph|counted|denominator|chart review|"
    "finance confirmed|instrumented|traces|spot check|spot-check|metrics from|benchmark|benchmarked"
)

BASELINES = (
    "原来|之前是|之前|优化前|改之前|上线前|接手时|起初|基线|同比|环比|去年同期|对照组|前后|对比|"
    "相比|比原来|一开始|原先|从前|此前|"
    "before|previously|used to be|baseline|down from|up from|compared with|compared to|"
    "from a baseline|at the start|originally|"
    "when i started|when i took over|year on year|versus|vs|earlier it|it had been|had been|"
    "initially|control|year before"
)

SITUATIONS = (
    "当时|那时|背景|起因|情况是|问题是|一开始|原来|之前|接手时|起初|去年|前年|有一次|上线前|"
    "at the time|the situation|the problem|background|when i joined|when i took over|last year|"
    "originally|initially|"
    "before that|we had|there was|once|one time|back then|at first|in the beginning|before"
)

RESULTS = (
    "结果|最后|最终|后来|上线后|上线之后|事后|降到|升到|提升到|涨到|减到|下来|变成|从此|"
    "as a result|later|went from|rose from|fell from|in the end|eventually|finally|ended up|"
    "the result|afterwards|since then|after that|dropped to|fell to|rose to|"
    "went down|went up|down to|up to|outcome|which brought|it now|today it"
)

ORDERS = (
    "首先|其次|第一|第二|第三|然后|接着|先是|再是|先把|先做|先让|先去|再把|再去|再让|再做|一是|"
    "二是|三是|随后|"
    "first,|firstly|first i|first we|second,|secondly|third,|then|next,|after that|step one|"
    "to begin with|lastly"
)

CONCLUSIONS = (
    "结论是|一句话|简单说|先说结论|总的来说|直接说|答案是|主要是|关键是|核心是|先说结果|"
    "in short|short answer|the short version|bottom line|in one sentence|the answer is|to sum up|"
    "in brief|put simply|"
    "the main|the key|conclusion first|yes:|no:|yes,|no,"
)

DECISIONS = (
    "我决定|我选|我拍板|我坚持|我否了|我否掉|我定的|我定下|我提议|我主张|我拒绝|我砍|我没同意|"
    "我判断|我放弃|我要求|我说服|"
    "i decided|i chose|i picked|my call|my decision|i insisted|i pushed back|i rejected|"
    "i proposed|i refused|"
    "i turned down|i cut|i judged|i convinced|i persuaded|i asked for|i said no|i dropped|"
    "i gave up|i traded|i opted"
)

OTHERS = (
    "他|她|同事|同学|组里|队友|他负责|她负责|他们|他来|她来|前端|后端|运维|测试同学|产品经理|"
    "老板|主管|护士长|医生|财务|销售|"
    "运营|客户那边|另一位|另外两|别的组|另一组|对方|的人|小组|师傅|徒弟|搭档|园长|店长|厂长|校长|"
    "院长|主任|经理|班长|组长|队长|领班|dba|sre|"
    "colleague|colleagues|teammate|teammates|team|they|he|she|manager|the sre|our dba|"
    "the designer|another|others|peer|"
    "finance|sales|marketing|ops|doctor|physician|intern|two engineers|pharmacist|charge nurse|"
    "the vendor|platform group|apprentice|apprentices|foreman|supervisor|volunteer|volunteers|"
    "my partner|the chef|head teacher|headmaster|committee|the owner|my boss|the boss|"
    "contractor|contractors|the crew"
)

ACTIONS_ZH = (
    "负责|设计|写|改|做|搭|定位|排查|实现|开发|重构|推动|推|谈|查|测|量|画|拆|建|带|训|教|讲|调|"
    "加|删|换|接|发现|提出|决定|选|"
    "拍板|坚持|砍|定|组织|协调|跟|盯|上线|回滚|优化|分析|统计|整理|迁移|复盘|签|拜访|护理|评估|"
    "上报|抢救|给药|翻|问|跑|盘|算|安排|"
    "联系|培训|制定|验证|复现|读|停|关|开|起草|否|说服|要求|主张|提议|访谈|核对|通知|叫|配|埋|抽|"
    "拉|建议|牵头|主导|处理|放弃|判断|补|看|让步|种|栽|剪|修|养|浇|挖|煮|炒|缝|焊|装|搬|卖|买|记|守"
)

ACTIONS_EN = (
    "did|brought|won|looked|visit|visited|look|check|assess|worked|built|wrote|designed|led|"
    "owned|decided|chose|picked|rewrote|moved|changed|added|removed|measured|profiled|found|"
    "fixed|"
    "proposed|ran|set|cut|called|asked|checked|drew|split|made|took|trained|taught|tested|"
    "shipped|rolled|traced|reproduced|"
    "negotiated|pushed|insisted|rejected|planned|organized|organised|introduced|started|stopped|"
    "replaced|migrated|sold|closed|"
    "interviewed|drafted|analysed|analyzed|counted|noticed|escalated|reported|assessed|"
    "documented|coordinated|launched|created|"
    "implemented|configured|reviewed|refused|argued|persuaded|convinced|paired|handled|visited|"
    "signed|reconciled|tracked|put|"
    "turned|dropped|kept|sat|went|wired|bisected|audited|instrumented|batched|cached|limited|"
    "recommended|hired|coached|gave|judged|told|grew|dug|cooked|baked|drove|fed|bought|spent|"
    "paid|stood|showed|chaired|fought|swept|laid|hung|sewed|sowed|read|carried|held|met|rang"
)

FIRST_PERSON_EN = "i|i'm|i've|i'd|i'll|my|me|myself|mine"
FIRST_PLURAL = "我们|咱们|大家|we|we're|we've|we'd|we'll|our|us|ours|the team|our team"

LESSER_ROLE = (
    "我只是参与|我只是协助|我只是打下手|我其实没做|不是我主导|不是我做的|主要是别人|我没有主导|"
    "我没主导|我只负责打杂|其实是别人做的|"
    "i only helped|i only assisted|i just helped|i just assisted|i only participated|"
    "i didn't lead|i did not lead|"
    "it wasn't me|it was not me|someone else led|someone else did|i was not the lead|"
    "i wasn't the lead|i didn't really do"
)

# what says that people are counted because they are the team
TEAM_OF_ONES_OWN = (
    "团队|带|管|小组|班组|科室|下属|组员|手下|编制|"
    "team|crew|led|lead|leading|manage|managed|managing|headed|supervised|ran a|report to me|"
    "reported to me|my reports|direct reports"
)

PERFECT = (
    "百分之百|百分百|零事故|零故障|零投诉|零差错|零失误|零宕机|零缺陷|从没出过|从未出过|"
    "从来没出过|没出过任何|"
    "zero incidents|zero downtime|zero errors|zero defects|zero complaints|no incidents ever|"
    "never failed|never once failed|"
    "zero failures|flawless|zero falls|zero outages|zero medication errors"
)

# English words of five letters and more that say nothing of the subject
PLAIN = (
    "about after again always another because before being better between could doing every "
    "first found gives going great happened having itself learn little maybe might never "
    "nothing often other people place really right should since someone something still their "
    "there these thing things think those through today together under until usual usually "
    "where which while whole whose without would years yours"
)

# qualifiers of a number that may differ from the result without contradicting it
UNSETTLED = (
    "最差 最高 最低 最慢 最坏 最好 目标 超时 预算 上限 阈值 告警 峰值 压测 单次 "
    "worst best target goal timeout budget limit threshold alert capof slowest peak "
    "atmost atleast loadtest staging"
)

# English words that may follow a number and are not what it counts
NO_UNITS = (
    "and the for but not was were are from with that this then into than when which who how "
    "why its our per who had has have did does out off all any each came come got get went "
    "where what will would could should"
)

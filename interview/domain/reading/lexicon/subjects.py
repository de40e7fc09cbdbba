"""What a line of a résumé or an answer is about: technologies, skills, metrics."""

TECHNOLOGIES = (
    (
        "tech.llm_gateway",
        "大模型网关|llm gateway|ai gateway|model gateway|llm proxy|模型网关|llm 网关",
    ),
    ("tech.rag", "rag|检索增强|retrieval augmented|retrieval-augmented|知识库问答|向量检索"),
    (
        "tech.agent",
        "agent|agents|智能体|多智能体|function calling|tool calling|langchain|langgraph|mcp",
    ),
    (
        "tech.llm",
        "llm|llms|大模型|大语言模型|large language model|gpt|gpt-4|gpt-4o|chatgpt|claude|gemini|"
        "qwen|"
        "通义|文心|deepseek|llama|提示词|prompt engineering|微调|fine-tuning|fine-tuned|vllm|"
        "generative ai",
    ),
    ("tech.kubernetes", "kubernetes|k8s|helm|istio|eks|gke|service mesh"),
    ("tech.docker", "docker|containerd|podman|容器化|docker compose"),
    ("tech.redis", "redis|valkey|codis"),
    ("tech.postgres", "postgres|postgresql|pgvector|pg"),
    ("tech.mysql", "mysql|mariadb|innodb|tidb"),
    ("tech.kafka", "kafka|pulsar"),
    ("tech.queue", "rabbitmq|rocketmq|消息队列|message queue|celery|sqs|nats|mq"),
    (
        "tech.microservices",
        "微服务|microservice|microservices|grpc|dubbo|spring cloud|service-oriented",
    ),
    ("tech.python", "python|django|flask|fastapi|pytorch lightning"),
    ("tech.java", "java|spring|spring boot|springboot|jvm|kotlin"),
    ("tech.go", "golang|go 语言|go语言|go service|go services|goroutine|goroutines|gin|in go|go"),
    ("tech.rust", "rust|tokio"),
    ("tech.node", "node|node.js|nodejs|express|nestjs|koa|bff"),
    ("tech.react", "react|react native|redux|next.js|nextjs"),
    ("tech.vue", "vue|vue3|vue.js|nuxt|pinia|vuex"),
    ("tech.typescript", "typescript|ts"),
    ("tech.css", "css|sass|tailwind|scss|flexbox"),
    ("tech.webpack", "webpack|vite|rollup|esbuild|前端构建|bundler|rspack"),
    ("tech.mobile", "ios|android|swift|flutter|小程序|harmonyos|鸿蒙|mobile app|移动端"),
    ("tech.spark", "spark|pyspark|hadoop|hive|mapreduce"),
    ("tech.flink", "flink|实时计算|stream processing"),
    ("tech.airflow", "airflow|dagster|dbt|dolphinscheduler|任务调度"),
    ("tech.sql", "sql"),
    (
        "tech.warehouse",
        "数仓|数据仓库|data warehouse|snowflake|bigquery|clickhouse|redshift|doris|lakehouse|"
        "湖仓|starrocks",
    ),
    (
        "tech.deep_learning",
        "深度学习|deep learning|pytorch|tensorflow|神经网络|neural network|transformer|bert|cnn",
    ),
    (
        "tech.recommender",
        "推荐系统|推荐算法|recommender|recommendation|recommendations|召回|精排|粗排",
    ),
    (
        "tech.ml",
        "机器学习|machine learning|xgboost|lightgbm|scikit-learn|sklearn|特征工程|"
        "feature engineering|风控模型|"
        "随机森林|random forest|logistic regression|预测模型|forecasting model",
    ),
    ("tech.search", "搜索引擎|elasticsearch|opensearch|lucene|solr|全文检索|search engine"),
    (
        "tech.ab_test",
        "a/b 测试|a/b测试|ab测试|ab 测试|a/b 实验|ab实验|ab 实验|a/b test|a/b tests|a/b testing|"
        "ab test|ab testing|split test|split tests|灰度实验|a/b",
    ),
    ("tech.bi", "tableau|power bi|powerbi|looker|metabase|superset|bi 看板|数据看板|bi"),
    ("tech.cache", "缓存|cache|caching|cached|memcached|cdn"),
    (
        "tech.ci_cd",
        "ci/cd|cicd|jenkins|gitlab ci|github actions|持续集成|持续交付|argo cd|argocd|流水线发布",
    ),
    (
        "tech.monitoring",
        "prometheus|grafana|监控|可观测|observability|opentelemetry|jaeger|skywalking|datadog|"
        "链路追踪|monitoring|"
        "splunk|sentry",
    ),
    (
        "tech.cloud",
        "aws|azure|gcp|阿里云|腾讯云|华为云|云原生|cloud native|cloud-native|terraform|lambda|"
        "serverless",
    ),
    ("tech.payments", "支付|payment|payments|stripe|清结算|结算系统|对账|checkout|收单"),
    (
        "tech.security",
        "安全加固|渗透|oauth|sso|加密|encryption|漏洞|零信任|zero trust|security|waf|rbac|鉴权",
    ),
    (
        "tech.testing",
        "单元测试|自动化测试|unit test|unit tests|unit testing|e2e|selenium|cypress|playwright|"
        "pytest|junit|jest|压测|load test",
    ),
    (
        "tech.performance",
        "性能优化|性能调优|performance tuning|profiling|火焰图|首屏|lighthouse|core web vitals|"
        "lcp|web vitals",
    ),
)

SKILLS = (
    ("skill.icu", "icu|重症|重症监护|intensive care|critical care|ccu|监护室"),
    ("skill.triage", "分诊|预检|急诊|triage|emergency department|emergency room|a&e"),
    (
        "skill.medication",
        "给药|用药|医嘱|输液|配药|medication|medications|drug administration|infusion|ecmo|crrt|"
        "iv therapy",
    ),
    (
        "skill.infection_control",
        "感染控制|院感|手卫生|消毒隔离|infection control|hand hygiene|clabsi|cauti|vap|sepsis|感控",
    ),
    (
        "skill.ehr",
        "电子病历|护理记录|his 系统|his系统|ehr|emr|epic|electronic health record|"
        "electronic records|charting",
    ),
    (
        "skill.patient_education",
        "患者教育|健康宣教|宣教|出院指导|patient education|discharge teaching|discharge education",
    ),
    (
        "skill.wound_care",
        "伤口|压疮|压力性损伤|造口|wound|wounds|pressure injury|pressure injuries|pressure ulcer|"
        "pressure ulcers",
    ),
    (
        "skill.user_research",
        "用户研究|用户访谈|用户调研|可用性测试|问卷|user research|user interviews|usability|"
        "persona interviews|customer interviews",
    ),
    ("skill.roadmap", "产品规划|路线图|roadmap|roadmaps|版本规划|backlog|优先级"),
    (
        "skill.prd",
        "prd|需求文档|需求评审|product requirements|product spec|user stories|原型|axure|figma",
    ),
    (
        "skill.growth",
        "用户增长|拉新|裂变|增长黑客|增长策略|growth team|growth loop|growth loops|"
        "user acquisition|acquisition funnel|activation|投放|seo",
    ),
    (
        "skill.pricing",
        "定价|价格策略|pricing|price plan|会员体系|订阅方案|monetization|monetisation",
    ),
    (
        "skill.stakeholder",
        "跨部门|跨团队|干系人|利益相关方|stakeholder|stakeholders|cross-functional|"
        "cross functional",
    ),
    (
        "skill.project_management",
        "项目管理|敏捷|scrum|里程碑|甘特|project management|agile|sprint|milestones|okr|kanban",
    ),
    (
        "skill.teaching",
        "教学|授课|带教|课程|培训|teaching|taught|curriculum|lesson|lessons|tutoring|precepted|"
        "preceptor|classroom|students",
    ),
    (
        "skill.sales",
        "销售|大客户|签单|商机|回款|sales|quota|pipeline deals|account executive|b2b|crm|"
        "salesforce|客户拜访|渠道",
    ),
    (
        "skill.writing",
        "撰写|文案|写作|编辑|稿件|copywriting|technical writing|editorial|editor|journalism|公众号",
    ),
    (
        "skill.design",
        "交互设计|视觉设计|设计系统|ui 设计|ux|ui/ux|design system|interaction design|"
        "visual design|品牌设计",
    ),
    (
        "skill.finance",
        "财务|预算编制|会计|审计|报税|成本核算|finance|accounting|audit|audits|bookkeeping|"
        "financial model|financial modelling|forecasting",
    ),
    (
        "skill.hiring",
        "招聘|面试官|人才引进|hiring|recruiting|recruitment|recruited|interviewed candidates|"
        "onboarding",
    ),
)

IMPLIED = {
    "tech.llm_gateway": ("tech.llm",),
    "tech.rag": ("tech.llm",),
    "tech.agent": ("tech.llm",),
    "tech.deep_learning": ("tech.ml",),
    "tech.recommender": ("tech.ml",),
    "tech.flink": ("tech.warehouse",),
    "tech.spark": ("tech.warehouse",),
    "metric.conversion": ("metric.growth",),
}

METRICS = (
    (
        "metric.latency",
        "p50|p90|p95|p99|p999|p99.9|延迟|时延|响应时间|耗时|首字|首包|首屏|首屏时间|加载时间|"
        "latency|latencies|response time|"
        "load time|ttft|tti|lcp|first token|page load|启动时间|startup time|构建时间|build time|"
        "等待时间|wait time|waiting time|rt",
    ),
    (
        "metric.throughput",
        "qps|tps|rps|吞吐|吞吐量|并发|throughput|requests per second|concurrency|日调用|调用量|"
        "请求量|requests a day|requests per day|日处理|events a day|messages",
    ),
    ("metric.availability", "可用性|可用率|sla|slo|availability|uptime|在线率"),
    (
        "metric.error_rate",
        "错误率|失败率|误报率|差错率|错误|报错|崩溃率|crash rate|error rate|failure rate|errors|"
        "defects|缺陷率|bug|bugs|差错|感染率|infection rate|infections|clabsi|cauti|跌倒率|不良率",
    ),
    (
        "metric.cost",
        "成本|费用|开支|花费|cost|costs|spend|spending|expenses|bill|服务器费用|人力成本",
    ),
    (
        "metric.revenue",
        "营收|收入|销售额|业绩|gmv|arr|mrr|revenue|sales|bookings|营业额|回款|签约额|流水|合同额|"
        "利润",
    ),
    (
        "metric.conversion",
        "转化率|转化|下单率|点击率|ctr|cvr|conversion|click-through|click through|sign-up rate|"
        "成单率|签单率|win rate|付费率",
    ),
    (
        "metric.retention",
        "留存|留存率|次留|复购|复购率|续费率|流失|流失率|retention|churn|renewal|renewals|"
        "repeat purchase|续约率|离职率|turnover rate",
    ),
    (
        "metric.growth",
        "增长|增长率|同比|环比|growth|grew|year over year|year on year|yoy|涨粉|新增",
    ),
    (
        "metric.satisfaction",
        "满意度|nps|csat|好评率|评分|satisfaction|rating|投诉率|complaints|投诉",
    ),
    (
        "metric.accuracy",
        "准确率|精度|召回率|auc|f1|准确度|accuracy|precision|recall|命中率|hit rate|正确率|"
        "合格率|达标率|依从率|依从性|compliance|map",
    ),
    ("metric.coverage", "覆盖率|测试覆盖|coverage|渗透率"),
    (
        "metric.time_saved",
        "节省|节约|省下|缩短|工时|time saved|saved|saving|hours saved|周期|turnaround|cycle time|"
        "交付周期|上线周期|人天|lead time|效率",
    ),
    (
        "metric.incidents",
        "事故|故障|宕机|不良事件|incident|incidents|outage|outages|adverse event|adverse events|"
        "给药错误|medication errors|跌倒|falls|线上问题",
    ),
    ("metric.patients", "患者|病人|床位|床|病区|病房|patients|patient|beds|bed|ward|caseload"),
    (
        "metric.users",
        "用户|日活|月活|dau|mau|用户数|注册|users|customers|subscribers|members|粉丝|followers|"
        "客户|会员|门店|stores|学生|students",
    ),
    ("metric.budget", "预算|经费|budget|funding|投放金额|ad spend"),
    (
        "metric.size",
        "代码|数据量|数据表|库表|宽表|组件|接口|服务|lines of code|dataset|records|文档|"
        "tables|components|endpoints|services|页面|pages|sku|样本|rows",
    ),
)

# they hold a metric's word and measure something else, or nothing
NO_METRICS = (
    "insurance coverage|medical coverage|health coverage|media coverage|press coverage|"
    "news coverage|shift coverage|coverage area|用户体验|用户研究|客户服务|"
    "服务意识|服务态度|服务器|苗床|花床|河床|机床|车床|温床|rose beds|flower beds|flowerbeds|"
    "raised beds|garden beds|seed beds|hot bed|river bed|test bed"
)

# they hold a skill's word and belong to another trade
NO_SKILLS = "用药量|病虫害用药|农药用药|打药"

TEAM = (
    "团队|带队|小组|班组|科室|下属|组员|工程师|护士|同事|人手|"
    "team|engineers|nurses|reports|direct reports|people|staff|developers|designers|analysts|reps"
)

DEGREES = (
    "本科|硕士|博士|学士|大专|研究生|mba|大学|学院|毕业于|bachelor|bachelor's|master's|msc|bsc|"
    "b.s.|m.s.|"
    "bs|ms in|phd|ph.d.|b.sc.|m.sc.|university|college|degree|diploma|ba|bsn|msn|gpa|"
    "institute of technology"
)

CERTIFICATES = (
    "证书|资格证|执业证|执照|职称|主管护师|护师|pmp|cpa|cfa|cissp|软考|certified|certificate|"
    "certification|"
    "license|licence|registered nurse|acls|bls|pals|ccrn|cet-6|cet6|ielts|toefl|雅思|托福|"
    "教师资格|cka|scrum master|csm"
)

# names that are plain English unless written with a capital
CASED = (
    "go bi ts pg map rt express swift spark helm spring gin node rest agent agents react vue "
    "rust epic gemini bs ba"
)

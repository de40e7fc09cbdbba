"""Words that speak to the machinery instead of the panel, and words that only hurt.

Patterns run on folded text (lower case, full width made half). Every repetition is bounded.
"""

INJECTIONS = (
    r"(?:ignore|disregard|forget|override|bypass) (?:all |any |the |your |of |my |everything ){0,4}"
    r"(?:previous|prior|above|earlier|preceding|instructions?|rules?|rubric|prompts?|guidelines)",
    r"(?:忽略|无视|忘记|忘掉|跳过|不要管|别管)[^。!?\n]{0,10}?(?:之前|以上|上面|前面|先前|所有|"
    r"指令|提示|规则|要求|设定|标准)",
    r"system ?prompt|developer (?:message|mode)|系统提示词?|系统指令|开发者模式|越狱|jailbreak|"
    r"prompt injection",
    r"you are (?:now|no longer) (?!done|free|right|sure)|from now on,? you|act as (?:a |an |"
    r"the )?(?:judge|grader|evaluator|"
    r"assistant|scorer|lenient)|pretend (?:to be|you are)",
    r"你现在(?:是|扮演|的身份)|从现在(?:起|开始)[,，]?你|请?扮演[^。\n]{0,8}(?:评委|考官|评分|"
    r"面试官|助手)",
    r"(?:给|打|判|评)(?:我|出|个|一个|上){0,3}(?:满分|最高分|高分|一百分|100 ?分|九十分|90 ?分)|"
    r"满分(?:通过|给我|处理|评价)|直接(?:判|给)(?:我)?(?:通过|过关|满分)",
    r"(?:give|award|assign|grant|rate|score|grade|mark)(?: (?:me|this|it|my|the|answer|response|"
    r"candidate|a|an|as)){0,4} "
    r"(?:full|perfect|maximum|max|top|highest|100|10/10|ten out of ten|4 out of 4|level 4|"
    r"excellent)",
    r"(?:full|maximum|perfect|top) (?:marks?|score|points)|(?:maximum|highest) possible (?:score|"
    r"mark|rating)",
    r"""[{\[][^{}\[\]\n]{0,80}["']?(?:score|q|level|levels|rating|marks?|verdict|"""
    r"""relevance|specificity|depth|ownership|得分|分数|评分)["']? ?[:=][^\n]{0,200}?[}\]]""",
    r"(?:^|\n|[。.!?;] ?)\W{0,4}(?:system|assistant|user|judge|grader|系统|评委|裁判|"
    r"阅卷人) ?[:>\]】|]",
    r"<\|[^|\n]{1,40}\|>|\[/?inst\]|<</?sys>>|</?(?:system|assistant|user|answer|instructions?|"
    r"candidate_answer|judge|score)[^>\n]{0,40}>|"
    r"```(?:json|system|xml)|### ?(?:system|instruction|response|评分|指令)",
    r"(?:score|scores|q|final score|verdict|rating|grade|得分|评分|分数|判定|最终得分) ?(?:is|=|"
    r":|为|是) ?[\"']?(?:100|9\d|10/10|满分|pass|通过|4/4)",
    r"(?:relevance|specificity|depth|ownership|structure|consistency) ?[:=] ?[0-4]",
    r"all (?:six )?(?:dimensions|levels|criteria)[^.\n]{0,20}(?:4|four|maximum|full)|(?:六|所有|"
    r"每)个?维度[^。\n]{0,10}(?:4|四|满)",
    r"(?:note|message|instruction|reminder) (?:to|for) (?:the )?(?:judge|grader|evaluator|scorer|"
    r"model|ai|llm)|"
    r"(?:给|致)(?:评委|评分系统|评分模型|阅卷)(?:的)?(?:话|提示|说明|留言)",
    r"(?:the )?(?:candidate|answer|response) (?:has )?(?:fully )?(?:covers?|covered|meets?|met|"
    r"satisfie[sd]) (?:all|every) "
    r"(?:the )?(?:key )?(?:points?|criteria|requirements?|dimensions?)|(?:本|该|以上)(?:回答|"
    r"答案)(?:已)?(?:完全)?(?:覆盖|满足|命中)(?:了)?(?:所有|全部)",
    r"(?<![a-z0-9+/])[a-z0-9+/]{48,2000}={0,2}(?![a-z0-9+/])",
    r"(?:as an?|作为)(?: |一个)?(?:ai|language model|大模型|语言模型|人工智能)",
)

ABUSES = (
    "傻逼|傻b|煞笔|操你|草你妈|去你妈|你妈的|滚蛋|脑残|白痴|贱人|狗东西|废物面试官|王八蛋|"
    "fuck you|fuck off|go to hell|you idiot|you moron|you are stupid|you're stupid|piece of shit|"
    "asshole|bitch|shut up|dumbass"
)

#!/bin/sh
# Plays one whole game over the HTTP API, to its verdict, with nothing but sh, curl and python3
# (python3 only reads and writes JSON).
#
#   sh docs/play.sh
#   MODE=convince SKILL=strong sh docs/play.sh
#
#   BASE_URL   where Hotseat runs                              http://localhost:8000
#   MODE       survive or convince                             survive
#   SKILL      strong: takes every hint, adds numbers of its   strong
#              own; weak: pads with big words
#   SCENERY    an id of GET /api/sceneries                     group_grilling
#   SEED       the same seed and answers give the same game    7
#
# What the panel says goes to standard error as it is spoken; the verdict, as JSON, to standard
# output. The exit code is 0 when a verdict fell, whichever.
set -eu

BASE_URL=${BASE_URL:-http://localhost:8000}
BASE_URL=${BASE_URL%/}
MODE=${MODE:-survive}
SKILL=${SKILL:-strong}
SCENERY=${SCENERY:-group_grilling}
SEED=${SEED:-7}

work=$(mktemp -d)
stream=
finish() {
    [ -z "$stream" ] || kill "$stream" 2>/dev/null || :
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
mkfifo "$work/events"

say() { printf '%s\n' "$*" >&2; }

# call METHOD PATH [BODY]: one request; the answer is in $work/answer, the status in $status.
call() {
    status=$(curl -sS --max-time 30 -o "$work/answer" -w '%{http_code}' -X "$1" "$BASE_URL$2" \
        -H 'Content-Type: application/json' ${token:+-H "Authorization: Bearer $token"} \
        ${3:+--data-binary "$3"})
}

# expect STATUS: stop with the problem document unless the last call was answered like that.
expect() {
    [ "$status" = "$1" ] && return
    say "Expected $1, got $status:"
    cat "$work/answer" >&2
    exit 1
}

# pick FIELD: print a field of the last answer.
pick() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2]) or "")' \
        "$work/answer" "$1"
}

# listen: follow the event stream from $last_id until the panel has spoken or the game is over.
# Prints "<last id> <what happened>"; the words go to standard error as they come.
listen() {
    curl -sS -N "$BASE_URL/api/rooms/$room/events" -H "Authorization: Bearer $token" \
        ${last_id:+-H "Last-Event-ID: $last_id"} >"$work/events" 2>/dev/null &
    stream=$!
    python3 "$work/listen.py" <"$work/events"
    kill "$stream" 2>/dev/null || :
    wait "$stream" 2>/dev/null || :
    stream=
}

cat >"$work/listen.py" <<'PYTHON'
import json
import sys

ENDS = {"turn.done": "asked", "turn.cancelled": "asked", "turn.failed": "failed",
        "turn.rejected": "failed", "room.settled": "settled"}


def show(text):
    sys.stderr.write(text)
    sys.stderr.flush()


last_id, kind, goal, last_seq = "", "", "", 0
for raw in sys.stdin:
    name, _, value = raw.rstrip("\n").partition(": ")
    if name == "id":
        last_id = value
    elif name == "event":
        kind = value
    elif name == "data":
        event = json.loads(value)
        data = event.get("data", {})
        if kind == "round.started":
            show("\n-- round %d, par %g\n" % (data["round"], data["par"]))
        elif kind == "turn.started":
            show("%s: " % data["speaker"])
            last_seq = 0
        elif kind == "snapshot":  # replaces what was said so far
            if event["upto_seq"] > last_seq:
                show(event["text"])
                last_seq = event["upto_seq"]
        elif kind == "delta":  # appends, each seq once
            if event["seq"] == last_seq + 1:
                show(event["text"])
                last_seq = event["seq"]
        elif kind == "answer.scored":
            show("   %s\n" % data["explain"])
            if data.get("reaction"):
                show("%s: %s\n" % (data["reaction"]["persona"], data["reaction"]["text"]))
        elif kind == "hp.changed":
            show("   hp %d -> %d (%s)\n" % (data["from"], data["to"], data["reason"]))
        elif kind == "approval.changed":
            show("   %s %d -> %d\n" % (data["persona"], data["from"], data["to"]))
        elif kind == "goal.reached":
            goal = "+goal"
        if kind in ENDS:
            show("\n")
            print(last_id, ENDS[kind] + goal)
            sys.exit(0)
print(last_id, "cut" + goal)  # the connection ended: go on from where we were
PYTHON

cat >"$work/strong" <<'ANSWERS'
280 ms is the first token at P99, in production, down from 910 ms over the 30 days after the change. I measured it from the gateway's own traces because the providers' dashboards count differently. I decided to keep warm connections to the 3 busiest providers; Mei wrote the cache. The price was 2 GB more memory per node, and in March a dead provider hid behind a warm pool for 4 minutes.
I would check the worst slice first: new users with long prompts, where the hit rate was 41 percent against 63 percent overall. I labelled 400 cached pairs by hand, and 6 were wrong because two prices had changed. So I chose a threshold that refuses more, although it costs us about 9 percent of the savings.
That quarter I owned the plan and two others wrote half of the code. I moved orders first, since they failed most often: 14 incidents a month before, 3 after. The trade-off was a slower release for 6 weeks; I told the product lead so in January, and she agreed to drop one feature.
The night it broke was the 11th of November. First the queue grew to 2 million messages, then consumers timed out, then retries doubled the load. I turned retries off at 02:40 and shed 20 percent of traffic; it took 35 minutes, against 3 hours the year before. I was wrong about one thing: the alert had fired an hour earlier and I had muted it.
My part was the router and its limits, about 6,000 lines; Ana owned billing and Tom the console. When the two of them disagreed on who retries, I wrote down both designs with their cost per 1,000 calls, 11 cents against 4 cents, and chose the cheaper one although it is harder to debug.
We first tried a bigger instance, and it bought 5 weeks. Then I split writes by customer, because 80 percent of the load came from 40 accounts. What it cost: reports across shards went from 2 seconds to 20 seconds, so I built a nightly copy for them. If I did it again I would start with read replicas.
I left because the work I cared about was finished and the next thing was sales. In the last 3 months I trained Li, handed over 12 runbooks and stayed on call twice so that he could fail safely. He failed once: a deploy on Friday, rolled back after 8 minutes.
I would rather show the bad month. In May availability was 99.2 percent, not 99.9, because a certificate expired on a host nobody had listed. I found it by comparing the load balancer's list with the inventory: 61 hosts against 58. Since then a job compares them every 6 hours; the price is 1 false alarm a week.
Two people disagreed with me, and one was right. I wanted one queue per tenant; Bo showed on a test with 500 tenants that idle queues took 30 percent of the memory. So I chose 16 shared queues with weights instead, although a loud tenant can now delay others by up to 900 ms.
I ask for the baseline before I start: 3 weeks of cost per request, split by model. It was 0.8 cents; after the change it was 0.5 cents. I decided to route short prompts to the small model, because 7 of 10 were short. Quality fell by 2 points on our 300 test prompts, and support complaints rose for 9 days until I tuned the cut.
First I reproduce it, then I bisect, then I write the test. The leak in June took me 2 days: memory grew 120 MB an hour because a callback kept every request alive. I fixed 4 lines. What I missed is that the staging load was 10 times too small to show it, so I asked for a replay of real traffic, which costs us one more node.
The person who can contradict me is Hua, my manager until 2024. She would say that I deliver, and that in the first half I reviewed too little: 5 reviews a month against a team average of 14. I changed that by blocking 1 hour each morning; the cost was that my own tickets took 2 days longer.
If the budget were halved I would keep the router and drop the semantic cache. The cache saves 70 percent on paper, but 52 percent once wrong answers and refunds are counted; I did that sum with finance in April, over 90 days. The router saves less, 31 percent, and has failed only once.
A new colleague would first hear this: requests come in, wait their turn, go to the cheapest model that can answer, and every step writes one line. I drew it on one page because the old document had 48. Two of five new people still got the retry rule wrong, so I turned it into a test that fails when somebody retries twice.
ANSWERS

cat >"$work/weak" <<'ANSWERS'
We leveraged a holistic, best-in-class, cloud-native platform to empower the business end to end, and the results were excellent.
It was a great team effort, everything went very smoothly, and there were basically no problems at all.
We aligned the stakeholders, unlocked synergy and delivered a scalable, robust, world-class solution.
It depends, really. Usually it is more or less fine; I do not remember the details any more.
Our culture of excellence drives continuous innovation across all of the key verticals we serve.
ANSWERS

[ -f "$work/$SKILL" ] || { say "SKILL is strong or weak."; exit 2; }

token= last_id=
call POST /api/rooms "{\"scenery\": \"$SCENERY\", \"mode\": \"$MODE\", \"language\": \"en\",
    \"resume\": {\"sample\": \"backend\"}, \"seed\": $SEED, \"nickname\": \"play.sh\"}"
expect 201
room=$(pick id)
token=$(pick room_token)
say "Room $BASE_URL$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["links"]["page"])' "$work/answer")"
call PATCH "/api/rooms/$room/settings" '{"pace": "brisk"}'
expect 200

number=0 cuts=0
while :; do
    heard=$(listen)
    # A connection that ended before the first event leaves us where we were.
    [ "${heard% *}" = "" ] || last_id=${heard% *}
    case ${heard##* } in
    settled*) break ;;
    *+goal) # the win is banked; staying would be overtime
        call POST "/api/rooms/$room/leave"
        expect 200
        break
        ;;
    failed) # the question broke off: have it asked again
        call POST "/api/rooms/$room/retry"
        expect 202
        continue
        ;;
    cut) # the connection broke: come back, go on where we were
        cuts=$((cuts + 1))
        [ "$cuts" -lt 30 ] || { say "The stream keeps breaking; giving up."; exit 1; }
        sleep 1
        continue
        ;;
    esac

    total=$(wc -l <"$work/$SKILL")
    answer=$(sed -n "$((number % total + 1))p" "$work/$SKILL")
    if [ "$SKILL" = strong ]; then # a hint is a sentence with blanks; fill them in
        call POST "/api/rooms/$room/hint"
        expect 200
        answer="$(pick hint | awk '{ n = 3; while (sub(/__+/, n)) n++; print }') $answer"
    fi
    number=$((number + 1))
    say "you: $answer"
    body=$(python3 -c '
import json, sys, uuid
print(json.dumps({"text": sys.argv[1], "client_id": str(uuid.uuid4())}))' "$answer")
    while :; do
        call POST "/api/rooms/$room/answer" "$body"
        case $status in
        429 | 503) sleep 2 ;; # the panel is busy: the same client_id may come again
        *) break ;;
        esac
    done
    expect 202
done

call GET "/api/rooms/$room"
expect 200
python3 - "$work/answer" <<'PYTHON'
import json
import sys

room = json.load(open(sys.argv[1]))
keys = ("id", "mode", "status", "result", "reason", "rounds", "score", "hp", "approval", "offset")
print(json.dumps({key: room[key] for key in keys}, indent=2))
PYTHON

package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A bad scenario is the example with one piece replaced. Each wanted problem begins with @ for the
// line of the piece, @+N for a later line, or a line number, and must be how one problem found begins.
type badScenario struct {
	old, replacement string
	wanted           []string
}

func (b badScenario) check(t *testing.T) {
	t.Helper()
	text, line := edited(t, b.old, b.replacement)
	found := problemsOf(t, text)
	ok := len(found) == len(b.wanted)
	for i, want := range b.wanted {
		if rest, here := strings.CutPrefix(want, "@"); here {
			offset := 0
			if n, _ := fmt.Sscanf(rest, "+%d:", &offset); n == 1 {
				rest = rest[strings.Index(rest, ":"):]
			}
			want = fmt.Sprint(line+offset) + rest
		}
		ok = ok && strings.HasPrefix(found[i], want)
	}
	if !ok {
		t.Errorf("%q\nfound:\n  %s\nwanted:\n  %s", b.replacement, strings.Join(found, "\n  "), strings.Join(b.wanted, "\n  "))
	}
}

func TestFieldProblems(t *testing.T) {
	for _, b := range []badScenario{
		{"apiVersion: fsctl/v1", "apiVersion: v2", []string{`@: apiVersion: found "v2", wanted fsctl/v1`}},
		{"kind: Scenario", "kind: [a]", []string{`@: kind: found a list, wanted text`}},
		{"name: live-drop", "name: Live Drop", []string{`@: name: found the name "Live Drop", wanted lower-case`}},
		{"name: live-drop", "name:", []string{`@: name: found nothing, wanted a value`}},
		{"  users: 10M ", "  usrs: 10M ", []string{
			`18: workload.users: missing or 0`, `@: workload.usrs: unknown key, wanted one of actions, active, busy, event, origins, peak, requests, users (did you mean users?)`}},
		{"  active: 20%", "  active: 120%", []string{`@: workload.active: found "120%", wanted a share`}},
		{"  active: 20%", "  active: [10%, x, 20%]", []string{`@: workload.active: found "x", wanted a share`}},
		{"  active: 20%", "  active: [30%, 10%]", []string{`@: workload.active: found 30 %, `}},
		{"  active: 20%", "  active: []", []string{`@: workload.active: found a list of 0 values`}},
		{"  active: 20%", "  active: {low: 1}", []string{`@: workload.active: found a mapping, wanted a share such as 20% or 0.2, at most 100%, or [low, mid, high]`}},
		{"  active: 20%", "  active: [[1]]", []string{`@: workload.active: found a list, wanted a share`}},
		{"  actions: 30 ", "  actions: 0 ", []string{`@: workload.actions: missing or 0, wanted above 0`}},
		{"  actions: 30 ", "  actions: 30\n  requests: 60M ", []string{`@+1: workload.requests: found it beside users`}},
		{"{share: 80%, window: 5h}", "{share: 0, window: 25h}", []string{`@: workload.busy.share: found 0`, `@: workload.busy.window: found 25 h`}},
		{"peak: [2, 2.5, 3]", "peak: 0.5", []string{`@: workload.peak: found 0.5, wanted 1 or more`}},
		{"peak: [2, 2.5, 3]", "peak: 0", []string{`@: workload.peak: found 0, wanted 1 or more`}},
		{"event: {order: 90, item: 20}", "event: {ordr: 90, item: 0}", []string{`@: workload.event.item: found 0`, `@: workload.event.ordr: no step "ordr", wanted browse or item or order or status (did you mean order?)`}},
		{"event: {order: 90, item: 20}", "event: {order: ~}", []string{`@: workload.event.order: found nothing, wanted a number`}},
		{"zones: 3", "zones: 1.5", []string{`@: estate.zones: found "1.5", wanted a whole number`}},
		{"zones: 3", "zones: 1e300", []string{`@: estate.zones: found "1e300", wanted a whole number`}},
		{"zones: 3", "zones: 1e18", []string{`@: estate.zones: found "1e18", wanted a whole number`}},
		{"zones: 3", "zones: -3", []string{`@: estate.zones: found "-3", wanted a whole number`}},
		{"survive_zones: 1", "survive_zones: 3", []string{`@: estate.survive_zones: found 3 of 3`}},
		{"name: idc,", "name: cloud,", []string{`@+1: estate.pools.cloud: found twice`}},
		{"zones: 3", "zones: 3\n  event_duration: 25h", []string{`@+1: estate.event_duration: found 25 h`}},
		{"zones: 3", "zones: 3\n  margin: -5m", []string{`@+1: estate.margin: found "-5m", wanted a duration`}},
		{"price: 0.04", "billing: reservd", []string{`@: estate.pools.cloud.billing: found "reservd", wanted reserved or on-demand or burst (did you mean reserved?)`}},
		{"cores: 100k, within: 30m", "cores: 0, within: 30m", []string{`@: estate.pools.cloud.provision.cores: found 0`}},
		{"within: 30m", "burst: x, within: 30m", []string{`@: estate.pools.cloud.provision.burst: found "x", wanted a count`}},
		{"within: 30m", "within: 0s", []string{`@: estate.pools.cloud.provision.within: found 0, wanted above 0`}},
		{"service: shop, policy: hpa, target: 60%, min: 10, max: 900", "service: shp, policy: hpaa", []string{
			`@: estate.scaling[1].policy: found "hpaa", wanted none or scheduled or hpa (did you mean hpa?)`, `@: estate.scaling[1].service: no service "shp"`}},
		{"target: 60%, min: 10", "target: 0, min: 10", []string{`@: estate.scaling[1]: found target 0`}},
		{"target: 60%, min: 10", "target: x, min: 10", []string{`@: estate.scaling[1].target: found "x"`}},
		{"  items: 1\n", "  items: 0\n", []string{`@: sale.items: found 0`}},
		{"  stock: 1000 ", "  stock: 0 ", []string{`@: sale.stock: found 0`}},
		{"  stock: 1000 ", "  sku: \"one\"\n  stock: 1000 ", nil},
		{"  items: 1\n", "  items: 2\n  sku: one\n", []string{`@+1: sale.sku: found "one" for 2 items`}},
		{"  items: 1\n", "  sku: \"${m}\"\n", []string{`@: sale.sku: no variable "m", wanted n`}},
		{"  items: 1\n", "  sku: \"${\"\n", []string{`@: sale.sku: found "${", wanted a variable`}},
		{"  items: 1\n", "  items: 20M\n", []string{`@: sale.items: found 20000000`}},
		{"sale:\n", "rehearsal: {scale: 0}\nsale:\n", []string{`@: rehearsal.scale: found 0`}},
		{"zipf: 0.99", "zipf: 11", []string{`@: sale.popularity.zipf: found 11`}},
		{"zipf: 0.99", "zipf: .nan", []string{`@: sale.popularity.zipf: found ".nan", wanted a number`}},
		{"median: 400ms, sigma: 0.6", "median: 400ms", []string{`@: storm.phases[2].reaction.lognormal.sigma: missing`}},
		{"median: 400ms, sigma: 0.6", "median: 400ms, sigma: 0", []string{`@: storm.phases[2].reaction.lognormal: found median 400 ms and sigma 0`}},
		{"median: 400ms, sigma: 0.6", "median: 1000h, sigma: 5", []string{`@: storm.phases[2].reaction.lognormal: found a law whose 99.99% point is`}},
		{"{uniform: [0ms, 20ms]}", "{uniform: [30ms, 20ms]}", []string{`@: storm.phases[3].reaction.uniform: found 30 ms before 20 ms`}},
		{"{uniform: [0ms, 20ms]}", "{uniform: 20ms}", []string{`@: storm.phases[3].reaction.uniform: found "20ms", wanted [low, high]`}},
		{"{uniform: [0ms, 20ms]}", "{poisson: 20ms}", []string{`@: storm.phases[3].reaction.poisson: unknown law`}},
		{"{uniform: [0ms, 20ms]}", "[20ms]", []string{`@: storm.phases[3].reaction: found a list, wanted a duration, low..high, or one of`}},
		{"{exponential: 2s}", "{exponential: 0s}", []string{`@: journeys.visitor[1].think.exponential: found 0`}},
		{"{exponential: 2s}", "{exponential: 2}", []string{`@: journeys.visitor[1].think.exponential: found "2", wanted a duration`}},
		{"{exponential: 2s}", "{normal: {mean: 1s, deviation: 0s}}", []string{`@: journeys.visitor[1].think.normal: found deviation 0 s`}},
		{"size: 1M,", "recycle: maybe, size: 1M,", []string{`@: feeders.user.recycle: found "maybe", wanted true or false`}},
	} {
		b.check(t)
	}
}

func TestStepAndServiceProblems(t *testing.T) {
	for _, b := range []badScenario{
		{"share: 70%", "share: 71%", []string{`29: steps: found shares that add up to 101 %, wanted 100 %`}},
		{"share: 70%", "share: 70", []string{`@: steps.browse.share: found "70", wanted a share`}},
		{"  browse:\n    share: 70%\n", "  browse: ~\n  b2:\n    share: 70%\n", []string{`@: steps.browse: found nothing, wanted a mapping`}},
		{`method: GET, url: "/items"`, `method: get, url: "items"`, []string{`@: steps.browse.request.method: found "get"`, `@: steps.browse.request.url: found "items", wanted a path that begins with /`}},
		{`url: "/items"}`, `url: "/it ems?q=<a b>#top"}`, nil},
		{`url: "/items"}`, `url: "/it\tems"}`, []string{`@: steps.browse.request.url: found "/it\tems", wanted a URL without tabs`}},
		{`url: "/items"}`, `url: "/items?off=5%"}`, []string{`@: steps.browse.request.url: found "%" in "/items?off=5%", wanted % and two hexadecimal digits: for the sign itself write %25`}},
		{`url: "/items"}`, `url: "/%zz"}`, []string{`@: steps.browse.request.url: found "%zz" in`}},
		{`url: "/items"}`, `url: "http://other.example/x"}`, []string{`@: steps.browse.request.url: found "http://other.example/x", wanted a path that begins with /: scheme and host are those of --target`}},
		{`method: GET, url: "/items"`, `method: CONNECT, url: "/items"`, []string{`@: steps.browse.request.method: found CONNECT`}},
		{`url: "/items"}`, `url: "/items", headers: {content-length: "5"}}`, []string{`@: steps.browse.request.headers.content-length: found content-length, wanted no such header: it is computed`}},
		{`url: "/items"}`, `url: "/items", headers: {Transfer-Encoding: chunked}}`, []string{`@: steps.browse.request.headers.Transfer-Encoding: found Transfer-Encoding, wanted no such`}},
		{`url: "/items"}`, `url: "/items", headers: {Connection: "Upgrade, keep-alive"}}`, []string{`@: steps.browse.request.headers.Connection: found Connection "Upgrade, keep-alive", wanted close or keep-alive`}},
		{`url: "/items"}`, `url: "/items", headers: {connection: "Keep-Alive, Close", TE: trailers, Keep-Alive: timeout=5, Expect: 100-Continue, Host: "${user.id}.example:80"}}`, nil},
		{`url: "/items"}`, `url: "/items", headers: {Connection: "${user.id}"}}`, []string{`@: steps.browse.request.headers.Connection: found Connection`}},
		{`url: "/items"}`, `url: "/items", headers: {upgrade: h2c}}`, []string{`@: steps.browse.request.headers.upgrade: found upgrade, wanted no such`}},
		{`url: "/items"}`, `url: "/items", headers: {TE: gzip}}`, []string{`@: steps.browse.request.headers.TE: found TE "gzip", wanted trailers`}},
		{`url: "/items"}`, `url: "/items", headers: {Trailer: X-A}}`, []string{`@: steps.browse.request.headers.Trailer: found Trailer`}},
		{`url: "/items"}`, `url: "/items", headers: {Expect: 200-ok}}`, []string{`@: steps.browse.request.headers.Expect: found Expect "200-ok", wanted 100-continue`}},
		{`url: "/items"}`, `url: "/items", headers: {Host: "http://shop.example/"}}`, []string{`@: steps.browse.request.headers.Host: found Host "http://shop.example/", wanted a host`}},
		{`url: "/items"}`, `url: "/items", headers: {X-A: "1", x-a: "2"}}`, []string{`@: steps.browse.request.headers.x-a: found it beside X-A, wanted one of them`}},
		{`url: "/items"}`, `url: "/items", headers: {X-A: "1\x01"}}`, []string{`@: steps.browse.request.headers.X-A: found "\x01" after 1 byte, wanted one line without control`}},
		{`url: "/items"}`, `url: "/items", timeout: 0s}`, []string{`@: steps.browse.request.timeout: found 0`}},
		{`url: "/items"}`, `body: x, json: {}}`, []string{`@: steps.browse.request.json: found it beside body`, `@: steps.browse.request.url: missing, wanted a path: a journey performs this step`}},
		{`url: "/items/${sku}"`, `url: "/items/${suk}"`, []string{`@: steps.item.request.url: no variable "suk"`}},
		{`url: "/items/${sku}"`, `url: "/items/${sku"`, []string{`@: steps.item.request.url: found "${sku", wanted a variable`}},
		{`Idempotency-Key: "${user.id}-${sku}"`, `"a b": "x\r\ny: z"`, []string{`@: steps.order.request.headers.a b: found "\r" after 1 byte, wanted one line`, `@: steps.order.request.headers.a b: found the header name "a b"`}},
		{`quantity: 1}`, `quantity: .inf}`, []string{`@: steps.order.request.json.quantity: found the number .inf, which JSON does not write like that`}},
		{`quantity: 1}`, `quantity: 1, sku: 2}`, []string{`@: steps.order.request.json.sku: found twice`}},
		{`"json:$.order_id"`, `"json:$$"`, []string{`@: steps.order.extract.order_id: found "$$", wanted a JSON path`}},
		{`state: "json:$.state"`, `state: "json:$.state", status: "header:X"`, []string{`@: steps.status.extract.status: found the variable "status"`}},
		{`state: "json:$.state"`, `state: "json:$.state", arrival: "header:X", sku: "header:X"`, []string{`@: steps.status.extract.arrival: found the variable "arrival", which every user has`, `@: steps.status.extract.sku: found the variable "sku", which every user has`}},
		{`["status in 200,202,409,429"]`, `["status in 2xx", ~]`, []string{`@: steps.order.check[0]: found "status in 2xx", wanted numbers`, `@: steps.order.check[1]: found nothing, wanted text`}},
		{`sold_out: "status 409"`, `ok: "status 409"`, []string{`@: steps.order.outcome.ok: found a reserved name`}},
		{`sold_out: "status 409"`, `sold_out: "stat == 409"`, []string{`@: steps.order.outcome.sold_out: no variable "stat"`}},
		{`sold_out: "status 409"`, `sold_out: [a]`, []string{`@: steps.order.outcome.sold_out: found a list, wanted a condition`}},
		{"  - name: gateway\n", "  - name: shop\n", []string{`@+6: services.shop: found twice`}},
		{"  - name: gateway\n    kind: service ", "  - kind: servce ", []string{`@: services[0].kind: found "servce", wanted service or`, `@: services[0].name: missing`}},
		{"calls: {browse: 1, item: 1, order: 1, status: 1}\n    demand: 0.4ms", "calls: {brwse: 1}\n    demand: 0ms", []string{
			`@: services.gateway.calls.brwse: no step "brwse"`, `@+1: services.gateway.demand: missing or 0`}},
		{"utilization: 70%                  #", "utilization: 0  #", []string{`@: services.gateway.utilization: found 0`}},
		{"utilization: 70%                  #", "wait: 0  #", []string{`@: services.gateway.wait: found 0`}},
		{"instance: {cores: 4}", "instance: {cores: 0}", []string{`@: services.gateway.instance.cores: found 0`}},
		{"{quantile: 0.99, limit: 50ms}", "{quantile: 1, limit: 0s}", []string{`@: services.shop.latency.limit: found 0`, `@: services.shop.latency.quantile: found 1`}},
		{"misses: orders-db", "misses: orders", []string{`@: services.stock-cache.misses: no service "orders", wanted gateway or`}},
		{"misses: orders-db", "misses: stock-cache", []string{`@: services.stock-cache.misses: found a circle`}},
		{"    hit: 80% ", "    # ", []string{`69: services.stock-cache.hit: missing, wanted the share of calls`, `69: services.stock-cache.hit: missing, wanted the share that does not go on`}},
		{"capacity: 8k/s", "capacity: 8k", []string{`@: services.orders-db.capacity: found "8k", wanted a rate`}},
		{"    capacity: 8k/s ", "    # ", []string{`75: services.orders-db.capacity: missing or 0`}},
	} {
		b.check(t)
	}
}

func TestStormAndJudgementProblems(t *testing.T) {
	for _, b := range []badScenario{
		{"t0: 30s", "t0: 10s", []string{`@+2: storm.phases[0]: begins 30 s before T0, but the run begins only 10 s before`}},
		{"t0: 30s", "t0: tomorrow", []string{`@: storm.t0: found "tomorrow"`}},
		{"t0: 30s", "t0: [1s]", []string{`@: storm.t0: found a list, wanted a duration`}},
		{"t0: 30s", "t0: 2026-11-11T20:00:00+08:00", nil},
		{"from: T0-30s, to: T0+30s", "from: T0+30s, to: T0-30s", []string{`@: storm.phases[0]: found from T0+30s and to T0-30s: it ends before it begins`}},
		{"from: T0-30s, to: T0+30s", "from: T-30s, to: T0-20s", []string{`@: storm.phases[0].from: found "T-30s"`}},
		{"from: T0-30s, to: T0+30s", "form: T0-30s, to: T0-20s", []string{`@: storm.phases[0].form: unknown key`}},
		{"from: T0-30s, to: T0+30s", "from: {}, to: T0-20s", []string{`@: storm.phases[0].from: found a mapping, wanted a time`}},
		{"to: T0+30s, rate: 200/s", "to: T0+30s, rate: 0/s", []string{`@: storm.phases[0]: wanted from, to and a rate above 0`}},
		{"to: T0+30s, rate: 200/s", "to: T0+30s, rate: 200", []string{`@: storm.phases[0].rate: found "200", wanted a rate`}},
		{"to: T0+30s, rate: 200/s", "to: T0+30s, rate: 200G/s", []string{`@: storm.phases[0].rate: found a rate that brings 12,000,000,000,000 users`}},
		{"to: T0+30s, rate: 200/s", "to: T0+30s, users: 5, rate: 200/s", []string{`@: storm.phases[0]: found fields of both forms`}},
		{"[200/s, 2k/s]", "[200/s, 2k/s, 1/s]", []string{`@: storm.phases[1].rate: found a list, wanted a rate such as`}},
		{"users: 20k", "users: 0", []string{`@: storm.phases[2]: wanted at and users`}},
		{"users: 20k", "users: 1.5", []string{`@: storm.phases[2].users: found 1.5, wanted a whole number`}},
		{"users: 20k", "users: 2G", []string{`@: storm.phases[2].users: found 2000000000`}},
		{"at: T0, users: 20k,", "users: 20k,", []string{`@: storm.phases[2]: wanted at and users`}},
		{"journey: bot, at: T0", "journey: bots, spacing: odd, at: T0", []string{`@: storm.phases[3].journey: no journey "bots", wanted visitor or buyer or bot (did you mean bot?)`, `@: storm.phases[3].spacing: found "odd", wanted poisson or even`}},
		{"t0: 30s", "lateness: {limit: 0s}\n  t0: 30s", []string{`@: storm.lateness.limit: found 0`}},
		{"t0: 30s", "drain: 0s\n  lateness: {share: 0}\n  t0: 30s", nil},
		{"visitor: [browse,", "visitor: [brows,", []string{`@: journeys.visitor[0]: no step "brows", wanted browse`}},
		{"visitor: [browse,", "visitor: [~, '',", []string{`@: journeys.visitor[0]: found nothing, wanted a step's name`, `@: journeys.visitor[1]: found "", wanted a step's name`}},
		{"visitor: [browse,", "visitor: [{wait: 1s},", []string{`@: journeys.visitor[0].wait: unknown action`}},
		{"visitor: [browse,", "visitor: [{grup: a, do: [browse]}, {do: [browse], iff: status == 200, else: [leave]}, {wait: 1s, think: 1s},", []string{
			`@: journeys.visitor[0].grup: unknown action, wanted a step's name, leave, {think: ...}, {repeat: ...}, {choose: ...}, {if: ..., do: ..., else: ...}, {group: ..., do: ...}, {retry: ...} or {pacing: ...} (did you mean group?)`,
			`@: journeys.visitor[1].iff: unknown action, wanted a step's name`, `@: journeys.visitor[2]: found a mapping, wanted a step's name`}},
		{"[browse, {think: {exponential: 2s}}, item]", "[]", []string{`@: journeys.visitor: found no action`}},
		{"[browse, {think: {exponential: 2s}}, item]", "browse", []string{`@: journeys.visitor: found "browse", wanted a list`}},
		{"until: \"state == confirmed\", every: 500ms, for: 10s, do: [status]", "until: \"stat == confirmed\", do: []", []string{
			`@: journeys.buyer[1].repeat: found no end`, `@: journeys.buyer[1].repeat: found no pause`, `@: journeys.buyer[1].repeat.do: found no action`, `@: journeys.buyer[1].repeat.until: no variable "stat"`}},
		{"times: 20, every: 5ms, do: [order]", "times: 20", []string{`@: journeys.bot[0].repeat.do: missing`}},
		{"times: 20, every: 5ms, do: [order]", "times: 1000000000, do: [{repeat: {times: 1000000000, do: [{think: 0s}]}}]", []string{
			`@: journeys.bot[0].repeat: found rounds without a request or a pause`, `@: journeys.bot[0].repeat.do[0].repeat: found rounds without a request or a pause`}},
		{"times: 20, every: 5ms, do: [order]", "times: 20, every: 1us, do: [{think: {exponential: 1us}}]", []string{`@: journeys.bot[0].repeat: found rounds without a request or a pause of 1 ms or more`}},
		{"times: 20, every: 5ms, do: [order]", "times: 20, do: [{repeat: {times: 9, every: 5ms, do: [{think: 0s}]}}]", nil},
		{"times: 20, every: 5ms, do: [order]", "times: 20, do: [{think: {uniform: [0s, 20ms]}}]", nil},
		{"from: sequence, size: 1M", "from: sequence, size: 0.5", []string{`@: feeders.user.size: found 0.5`}},
		{"from: sequence, size: 1M", "from: csv, file: absent.csv", []string{`@: feeders.user.file: open absent.csv`}},
		{"from: sequence, size: 1M, fields", "form: sequence, size: 1M, felds", []string{`@: feeders.user.felds: unknown key`, `@: feeders.user.form: unknown key`, `@: feeders.user.from: missing`}},
		{`token: "token-${n}"`, `to ken: "${", token: x`, []string{`@: feeders.user.fields.to ken: found "${", wanted`, `@: feeders.user.fields.to ken: found the name "to ken"`}},
		{`"token-${n}"`, `"token-${m}"`, []string{`@: feeders.user.fields.token: no variable "m", wanted n`}},
		{"  user: {from", "  my-user: {from", []string{`42: steps.order.request.headers.Authorization: no variable "user.token"`, `@: feeders.my-user: found the name "my-user"`}},
		{`"p(99)<300ms"`, `"p(101)<300ms"`, []string{`@: thresholds.response_time{step:order}: found p(101)`}},
		{`"response_time{step:order}"`, `"reponse_time{step:order}"`, []string{`@: thresholds.reponse_time{step:order}: unknown metric "reponse_time"`}},
		{`"response_time{step:order}"`, `"response_time{step:ordr}"`, []string{`@: thresholds.response_time{step:ordr}: no step "ordr"`}},
		{`"http_req_failed{step:order}"`, `"outcome{step:order,outcome:plced}"`, []string{`@: thresholds.outcome{step:order,outcome:plced}: no outcome "plced", wanted ok or failed or error or placed or sold_out or throttled (did you mean placed?)`}},
		{`"http_req_failed{step:order}"`, `"outcome"`, []string{`@: thresholds.outcome: found "outcome", wanted the outcome whose share it is`}},
		{`["rate<0.1%"]`, `[{treshold: "rate<0.1%"}]`, []string{`@: thresholds.http_req_failed{step:order}.threshold: missing`, `@: thresholds.http_req_failed{step:order}.treshold: unknown key`}},
		{`["rate<0.1%"]`, `[]`, []string{`@: thresholds.http_req_failed{step:order}: found an empty list`}},
		{`["rate<0.1%"]`, `[[a], ~]`, []string{`@: thresholds.http_req_failed{step:order}: found a list, wanted a threshold`, `@: thresholds.http_req_failed{step:order}: found nothing, wanted a threshold`}},
		{`"http_req_failed{step:order}": ["rate<0.1%"]`, `"iterations{step:order}": ["count>1"]`, []string{`@: thresholds.iterations{step:order}: found iterations{step:order} count>1, which has no data`}},
		{`"http_req_failed{step:order}": ["rate<0.1%"]`, `"data_sent{outcome:placed}": ["count>1"]`, []string{`@: thresholds.data_sent{outcome:placed}: found data_sent{outcome:placed} count>1, which has no data`}},
		{`["rate<0.1%"]`, `["rate<0"]`, []string{`@: thresholds.http_req_failed{step:order}: found http_req_failed{step:order} rate<0, which never holds`}},
		{`["rate<0.1%"]`, `["rate>100%"]`, []string{`@: thresholds.http_req_failed{step:order}: found http_req_failed{step:order} rate>100%, which never holds`}},
		{`["rate<0.1%"]`, `["outcome<1"]`, []string{`@: thresholds.http_req_failed{step:order}: found aggregation "outcome"`}},
		{`window: "T0..T0+10s"`, `window: "T0+10s..T0"`, []string{`@: thresholds.response_time{step:order}: found window "T0+10s..T0", which ends before it begins`}},
		{"[no-oversell, one", "[no-oversel, one", []string{`@: invariants[0]: found "no-oversel", wanted no-oversell or`}},
		{"[no-oversell, one", "[~, {name: x}, {optional: true}, one", []string{`@: invariants.x.name: found "x"`, `@: invariants[0]: found nothing`, `@: invariants[2].name: missing`}},
		{"  per_user: 1\n", "", []string{`122: invariants: found one-order-per-user without sale.per_user`}},
		{`{url: "/ledger"}`, `{url: ledger, outcome: plced, order_id: order}`, []string{
			`@: ledger.order_id: no extracted variable of a transaction step "order", wanted order_id`, `@: ledger.outcome: no outcome of a transaction step "plced"`, `@: ledger.url: found "ledger"`}},
		{`{url: "/ledger"}`, `answer`, []string{`@: ledger: found "answer", wanted {url: "/PATH"}, or answers`}},
		{`{url: "/ledger"}`, `~`, []string{`@: ledger: found nothing, wanted a value`}},
		{`{url: "/ledger"}`, `[answers]`, []string{`@: ledger: found a list, wanted {url: "/PATH"}, or answers`}},
		{`{url: "/ledger"}`, `{url: "http://bob:hunter2@shop.example/ledger?key=s3cret"}`, []string{`@: ledger.url: found "shop.example/ledger", wanted a path that begins with /`}},
		{`{url: "/ledger"}`, `{}`, []string{`@: ledger.url: found "", wanted a path that begins with /, or ledger: answers`}},
		{`{url: "/ledger"}`, `{url: "/ledger?of=${sku}"}`, []string{`@: ledger.url: found variables beside ${env.NAME}, wanted none`}},
		{`{url: "/ledger"}`, `{answers: false}`, []string{`@: ledger.url: found ""`}},
		{`{url: "/ledger"}`, `{answers: true, url: "/ledger"}`, []string{`@: ledger: found url beside answers`}},
		{`{url: "/ledger"}`, `{answers: true, baseline: read}`, []string{`@: ledger.baseline: found read beside answers`}},
		{`{url: "/ledger"}`, `{answers: true, outcome: plced}`, []string{`@: ledger.outcome: no outcome of a transaction step "plced"`}},
		{`{url: "/ledger"}`, `{url: "/ledger", baseline: all}`, []string{`@: ledger.baseline: found "all", wanted read or none`}},
		{"\nledger: {url", "\nledgr: {url", []string{"123: invariants: found 3 invariants without a ledger, wanted ledger.url or ledger: answers", "124: ledgr: unknown key"}},
	} {
		b.check(t)
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	text := exampleText(t)
	line := func(piece string) int { return strings.Count(text[:strings.Index(text, piece)], "\n") + 1 }
	for _, r := range [][2]string{
		{"description: One", "descriptoin: One"}, {"demand: [2ms, 3ms, 5ms]", "demand: [2ms, 3, 5ms]"}, {"share: 25%", "share: 20%"},
		{"visitor: [browse,", "visitor: [browze,"}, {"T0..T0+10s", "T0..T0-10s"},
	} {
		if strings.Count(text, r[0]) != 1 {
			t.Fatalf("the example has %q %d times", r[0], strings.Count(text, r[0]))
		}
		text = strings.Replace(text, r[0], r[1], 1)
	}
	_, err := Parse("sale.yaml", []byte(text))
	if err == nil {
		t.Fatal("wanted an error")
	}
	wanted := []string{
		fmt.Sprintf("sale.yaml:%d: descriptoin: unknown key, wanted one of ", line("descriptoin")),
		fmt.Sprintf("sale.yaml:%d: steps: found shares that add up to 95 %%, wanted 100 %%", line("steps:")),
		fmt.Sprintf(`sale.yaml:%d: services.shop.demand: found "3", wanted a duration such as 250ms, 90s or 5h`, line("demand: [2ms")),
		fmt.Sprintf(`sale.yaml:%d: journeys.visitor[0]: no step "browze", wanted browse or item or order or status (did you mean browse?)`, line("visitor: [browze")),
		fmt.Sprintf(`sale.yaml:%d: thresholds.response_time{step:order}: found window "T0..T0-10s", which ends before it begins`, line("T0..T0-10s")),
	}
	found := strings.Split(err.Error(), "\n")
	if len(found) != len(wanted) || slices.ContainsFunc([]int{0, 1, 2, 3, 4}, func(i int) bool { return !strings.HasPrefix(found[i], wanted[i]) }) {
		t.Errorf("found:\n%s\nwanted:\n%s", err, strings.Join(wanted, "\n"))
	}
}

func TestProblemsInOneOrder(t *testing.T) {
	text, _ := edited(t, "event: {order: 90, item: 20}", "event: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1}")
	first := problemsOf(t, text)
	if len(first) != 6 {
		t.Fatalf("found %q, wanted 6 problems", first)
	}
	for range 20 {
		if again := problemsOf(t, text); !slices.Equal(first, again) {
			t.Fatalf("found %q, then %q", first, again)
		}
	}
}

func TestNestedRepeats(t *testing.T) {
	nested := func(depth int) string {
		return strings.Repeat("[{repeat: {times: 2, do: ", depth) + "[order]" + strings.Repeat("}}]", depth)
	}
	const bot = "[{repeat: {times: 20, every: 5ms, do: [order]}}]"
	badScenario{bot, nested(8), nil}.check(t)
	text, _ := edited(t, bot, nested(9))
	if found := problemsOf(t, text); len(found) != 1 || !strings.Contains(found[0], "nested over 8 deep") {
		t.Errorf("found %q", found)
	}
}

// A variable that two steps set is listed once among those that there are.
func TestVariablesAreListedOnce(t *testing.T) {
	_, err := Parse("x.yaml", []byte(`{apiVersion: fsctl/v1, kind: Scenario, name: x, journeys: {j: [a, b]}, steps: {
a: {request: {url: /}, extract: {state: "json:$.state"}}, b: {request: {url: "/${sate}"}, extract: {state: "json:$.state"}}}}`))
	if err == nil || strings.Count(err.Error(), " or state") != 1 {
		t.Errorf("found %v, wanted state once among the variables", err)
	}
}

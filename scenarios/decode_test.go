package scenarios

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/random"
	"fsctl/scenarios/request"
	"fsctl/scenarios/script"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
)

func TestExampleIsReadWhole(t *testing.T) {
	s := mustParse(t, exampleText(t))
	same := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: found %+v, wanted %+v", what, got, want)
		}
	}
	same("users", s.Workload.Users, amount.Exactly[amount.Count](10e6))
	same("peak", s.Workload.Peak, amount.Interval[float64]{Low: 2, Mid: 2.5, High: 3})
	same("event", s.Workload.Event, map[string]amount.Interval[float64]{"order": amount.Exactly(90.0), "item": amount.Exactly(20.0)})
	same("busy", s.Workload.Busy, Busy{0.8, 5 * time.Hour})
	same("steps", []string{s.Steps[0].Name, s.Steps[1].Name, s.Steps[2].Name, s.Steps[3].Name}, []string{"browse", "item", "order", "status"})
	order := s.Step("order")
	same("order", *order, Step{Name: "order", Share: 0.05, Transaction: true,
		Request: request.Request{Method: "POST", URL: "/orders", JSON: `{"sku":"${sku}","quantity":1}`, Redirects: pointer(10), Timeout: 30 * time.Second,
			Headers: map[string]string{"Authorization": "Bearer ${user.token}", "Idempotency-Key": "${user.id}-${sku}"}},
		Extract: map[string]Extraction{"order_id": {From: "json:$.order_id"}}, Check: []string{"status in 200,202,409,429"},
		Outcome: strict.Keyed[Outcome]{{"placed", "status in 200,202"}, {"sold_out", "status 409"}, {"throttled", "status 429"}}})
	same("shop", s.Services[1], Service{Name: "shop", Kind: "service", Calls: map[string]float64{"browse": 1, "item": 1, "order": 1, "status": 1},
		Demand: amount.Interval[time.Duration]{Low: 2e6, Mid: 3e6, High: 5e6}, Variability: pointer(amount.Exactly(1.0)), Instance: Instance{Cores: 4}, Utilization: 0.7, Wait: 0.2,
		Latency: &Latency{0.99, 50 * time.Millisecond}, Start: 30 * time.Second})
	same("hit", *s.Services[2].Hit, amount.Exactly[amount.Ratio](0.8))
	same("hot row", s.Services[3].HotRow, amount.Rate(8000))
	same("sale", *s.Sale, Sale{Items: 1, Stock: 1000, PerUser: 1, SKU: "sku-${n}", Popularity: Popularity{0.99}})
	same("pools", s.Estate.Pools, []Pool{{Name: "idc", Cores: 20e3, Billing: Reserved}, {Name: "cloud", Cores: 100e3, Provision: &Provision{Cores: 100e3, Within: 30 * time.Minute}, Price: new(0.04), Billing: OnDemand}})
	same("event duration", s.Estate.EventDuration, time.Hour)
	same("margin", s.Estate.Margin, 5*time.Minute)
	same("scaling", s.Estate.Scaling[1], Scaling{Service: "shop", Policy: "hpa", Target: 0.6, Min: 10, Max: 900})
	same("T0", s.Storm.T0, amount.Start{After: 30 * time.Second})
	same("lateness", s.Storm.Lateness, Lateness{50 * time.Millisecond, 0.02})
	same("ramp", s.Storm.Phases[1].Rate, amount.Ramp{From: 200, To: 2000})
	same("crowd", s.Storm.Phases[2], Phase{Journey: Only("buyer"), At: instant(0), Users: 20e3, Spacing: "poisson",
		Reaction: &random.Distribution{Lognormal: &random.Lognormal{Median: 400 * time.Millisecond, Sigma: 0.6}}})
	same("buyer", s.Journey("buyer").Do, []script.Action{{Step: "order"}, {Repeat: &script.Repeat{Until: "state == confirmed", Every: 500 * time.Millisecond,
		For: 10 * time.Second, Do: []script.Action{{Step: "status"}}}}})
	same("think", s.Journey("visitor").Do[1], script.Action{Think: &random.Distribution{Exponential: pointer(2 * time.Second)}})
	same("feeder", s.Feeders[0], Feeder{Name: "user", From: "sequence", Size: 1e6, Fields: map[string]string{"token": "token-${n}"}})
	same("window", *s.Thresholds[0].Thresholds[1].Window, threshold.Window{To: 10 * time.Second})
	same("abort", s.Thresholds[2].Thresholds[0].AbortDelay, 10*time.Second)
	same("invariants", s.Invariants, []Invariant{{Name: NoOversell}, {Name: OneOrderPerUser}, {Name: NoLostOrder}})
	same("ledger", *s.Ledger, Ledger{URL: "/ledger", Outcome: "placed", OrderID: "order_id", Baseline: ReadBaseline})
	same("no step", s.Step("none"), (*Step)(nil))
	same("no journey", s.Journey("none"), (*script.Script)(nil))
}

func TestWrittenZerosStay(t *testing.T) {
	s := mustParse(t, exampleText(t), "storm.drain=0s", "storm.lateness.share=0", "steps.item.request.redirects=0", "services.shop.variability=0")
	if s.Storm.Drain != 0 || s.Storm.Lateness.Share != 0 || *s.Step("item").Request.Redirects != 0 || *s.Services[1].Variability != amount.Exactly(0.0) {
		t.Errorf("a zero was replaced by a default: %+v, %+v", s.Storm, s.Services[1].Variability)
	}
}

func TestBadDocuments(t *testing.T) {
	const empty = "1: found an empty file, wanted a scenario"
	for text, want := range map[string]string{
		"": empty, "# a comment\n": empty, "---\n": empty, "~\n": empty,
		"[1, 2]":                    "1: found a list, wanted a scenario",
		"\n5":                       `2: found a text, wanted a scenario`,
		"a: 1\n---\nb: 2\n":         "2: found more than one document",
		"name: *x":                  "1: not YAML: unknown anchor",
		"a: &x 1\nname: *x\n":       "2: found the alias *x, wanted the values themselves",
		"a: &x {}\n<<: *x\n":        "2: found the alias *x",
		"a: &x {}\n? *x\n: 1\n":     "2: found the alias *x",
		"a: [1\n":                   "1: not YAML: did not find expected ',' or ']'",
		"a: 1\nb: {c: d=${e}}\n":    `2: not YAML: did not find expected ',' or '}'; between { and } a value with ${...} stands in quotes: {Cookie: "sid=${sid}"}`,
		"a: 1\nb: {c: d}}\nf: 2\n":  "2: not YAML: did not find expected",
		"a: 1\nb:\n  c: 1\n d: 2\n": "4: not YAML: did not find expected key",
		"name: 'x":                  "1: not YAML: found unexpected end of stream",
		"name: a\n\tkind: b\n":      "2: not YAML",
		"name: a\nkind: \xff":       "2: found a byte that is not UTF-8, as in text in Latin-1 or Windows-1252, wanted UTF-8: convert it",
		"n\x00a\x00:\x00":           "1: found what seems to be text in UTF-16LE",
		"\x00":                      "1: found a NUL character, wanted text",
	} {
		if found := problemsOf(t, text); len(found) != 1 || !strings.Contains(found[0], want) {
			t.Errorf("%q: found %q, wanted %q alone", text, found, want)
		}
	}
}

func TestRepeatedAndOddKeys(t *testing.T) {
	for _, b := range []badScenario{
		{"name: live-drop", "name: live-drop\nname: other", []string{`@+1: name: found twice, first in line 13, wanted once`}},
		{"  item:\n", "  browse: {share: 0}\n  item:\n", []string{`@: steps.browse: found twice, first in line 30`}},
		{"name: live-drop", "name: live-drop\n? [a]\n: 3", []string{`@+1: found a list for a key, wanted a name`}},
		{"event: {order: 90, item: 20}", "event: {order: 90, order: 20}", []string{`@: workload.event.order: found twice`}},
		{"sale:\n", "sale:\nstorm: {}\nxsale:\n", []string{ // a key without a value, the next twice, an unknown one
			`@: sale: found nothing, wanted a value`, `@+1: storm.phases: missing, wanted a value`, `@+1: storm.t0: missing, wanted a value`,
			`@+2: xsale: unknown key`, `@+20: storm: found twice, first in line 84`}},
	} {
		b.check(t)
	}
}

func TestJSONKeepsOrderAndText(t *testing.T) {
	for given, want := range map[string]string{
		`{b: 1, a: [true, ~, 2.50, "x"]}`:          `{"b":1,"a":[true,null,2.50,"x"]}`,
		`{at: 2026-11-11, id: "007", s: "${sku}"}`: `{"at":"2026-11-11","id":"007","s":"${sku}"}`,
		`[1.10, 1e3, -0, 0.0, 12345678901234567890, 1E+2, -1.5e-7, 1e400, 123456789012345678901234567890.5]`: `[1.10,1e3,-0,0.0,12345678901234567890,1E+2,-1.5e-7,1e400,123456789012345678901234567890.5]`,
		`[True, FALSE, Null, ~, yes, No, on, off, y, 12:30, 1.2.3, 123abc, 2026-11-11T20:00:00Z]`:            `[true,false,null,null,"yes","No","on","off","y","12:30","1.2.3","123abc","2026-11-11T20:00:00Z"]`,
		`["1.10", '0x10', !!str 5, !!int 5, !!float 5, "<<"]`:                                                `["1.10","0x10","5",5,5,"<<"]`,
		`{1: a, 1.10: b, 0x10: c, null: d, true: e, "<<": f}`:                                                `{"1":"a","1.10":"b","0x10":"c","null":"d","true":"e","<<":"f"}`,
		`["<a&b>", "a/b", "\u00e4"]`:                                 `["<a&b>","a/b","ä"]`,
		`{"b": {"d": [], "c": {}}, "a": &x 1}`:                       `{"b":{"d":[],"c":{}},"a":1}`,
		`'{"qty": ${user.id}, "n": 1.10,  "name": "${user.token}"}'`: `{"qty": ${user.id}, "n": 1.10,  "name": "${user.token}"}`,
		`" [0.10] "`:      `[0.10]`,
		`"plain"`:         `"plain"`,
		`[]`:              `[]`,
		`{"q\"": "a\nb"}`: `{"q\"":"a\nb"}`,
	} {
		text, _ := edited(t, `json: {sku: "${sku}", quantity: 1}`, "json: "+given)
		if got := mustParse(t, text).Step("order").Request.JSON; string(got) != want {
			t.Errorf("json: %s: found %s, wanted %s", given, got, want)
		}
	}
}

// What YAML takes for a number and JSON does not write is refused, never changed.
func TestNumbersThatJSONDoesNotHave(t *testing.T) {
	for _, word := range []string{"0x10", "0X1F", "0o7", "0b11", "010", "007", "08", "1_000", "1_000.5", ".5", "5.", "+5", "-.5", "+4915112345", "1.e3", ".inf", "-.Inf", ".NaN",
		"0xFFFFFFFFFFFFFFFFFFFF", "01e400", "+1e400", "!!int x", "!!float .5"} {
		badScenario{`json: {sku: "${sku}", quantity: 1}`, "json: {sku: [x, " + word + "]}", []string{`@: steps.order.request.json.sku[1]: found the number ` + strings.TrimLeft(word[strings.LastIndex(word, " ")+1:], " ")}}.check(t)
	}
	for given, want := range map[string]string{
		"{a: !!binary aGk=}": "json.a: found the tag !!binary", "!!set {a}": "json: found the tag !!set", "[!x 5]": "json[0]: found the tag !x", "!!bool yes": "json: found the tag !!bool",
		"{<<: {a: 1}}": "json: found the merge key <<", "{a: 1, a: 2}": "json.a: found twice",
		"'{\"a\": }'": "json: found a text that is not JSON", "'{\"a\": ${sku} ${sku}}'": "json: found a text that is not JSON", "'{\"a\": 010}'": "json: found a text that is not JSON",
	} {
		badScenario{`json: {sku: "${sku}", quantity: 1}`, "json: " + given, []string{`@: steps.order.request.` + want}}.check(t)
	}
}

// A number that is JSON's is sent with its own characters, from the file and from --set, and the document with it reads the same.
func FuzzJSONNumber(f *testing.F) {
	for _, word := range []string{"1.10", "1e3", "12345678901234567890", "0x10", "0o7", "010", "1_000", ".5", "+5", "5.", "-0", ".inf", ".nan", "2026-11-11", "1e400", "0b1", "1:30", "yes", "~", "08"} {
		f.Add(word)
	}
	const text = "apiVersion: fsctl/v1\nkind: Scenario\nname: x\nworkload: {requests: 1}\nsteps: {order: {share: 1, request: {url: /, json: {a: [1.10, 1e400]}}}}\n"
	f.Fuzz(func(t *testing.T, word string) {
		var wanted any
		decoder := json.NewDecoder(strings.NewReader(word))
		decoder.UseNumber()
		_ = decoder.Decode(&wanted) // what is no JSON is no number
		if number, isJSON := wanted.(json.Number); !isJSON || string(number) != word {
			if strings.Trim(word, "+-.0123456789_xobeE") != "" || strings.Trim(word, "+-.xobeE_") == "" {
				return
			}
			// Anything else that could be a number is refused, or sent as the same text.
			s, err := Parse("fuzz.yaml", []byte(text), "steps.order.request.json="+word)
			if err == nil && s.Step("order").Request.JSON != request.JSON(`"`+word+`"`) {
				t.Fatalf("%q is sent as %s", word, s.Step("order").Request.JSON)
			}
			return
		}
		for _, set := range []string{word, "[" + word + "]", `{"a": ` + word + "}"} {
			s, err := Parse("fuzz.yaml", []byte(text), "steps.order.request.json="+set)
			if err != nil {
				t.Fatalf("%s: %v", set, err)
			}
			again := mustParse(t, string(s.Document))
			want := request.JSON(strings.ReplaceAll(set, " ", ""))
			if got := s.Step("order").Request.JSON; got != want || again.Step("order").Request.JSON != want {
				t.Fatalf("%s is sent as %s, and as %s from the document", set, got, again.Step("order").Request.JSON)
			}
		}
	})
}

func TestCSVFeeder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("users.csv", "number, token\n1,abc\n")
	write("empty.csv", "")
	load := func(from string) error {
		text, _ := edited(t, `{from: sequence, size: 1M, fields: {token: "token-${n}"}}`, from)
		write("sale.yaml", text)
		_, err := Load(filepath.Join(dir, "sale.yaml"))
		return err
	}
	write("mark.csv", "\uFEFFtoken;number\r\nabc;1\r\n")
	for _, file := range []string{"users.csv", "mark.csv"} {
		if err := load("{from: csv, file: " + file + "}"); err != nil {
			t.Error(err)
		}
	}
	write("twice.csv", "token,a,a\n")
	write("latin.csv", "token,Stra\xdfe\n1,2\n")
	write("wide.csv", "\xff\xfet\x00o\x00k\x00e\x00n\x00\n\x00")
	for from, want := range map[string]string{
		"{from: csv, file: absent.csv}": "feeders.user.file: open ",
		"{from: csv, file: empty.csv}":  "wanted a header line",
		"{from: csv, file: twice.csv}":  `feeders.user.file: twice.csv: line 1: found the name "a" for the columns 2 and 3`,
		"{from: csv, file: latin.csv}":  "latin.csv: line 1: found a byte that is not UTF-8",
		"{from: csv, file: wide.csv}":   "wide.csv: line 1: found text in UTF-16, wanted UTF-8: convert it with iconv",
		"{from: csv}":                   "feeders.user.file: missing, wanted a CSV file",
		"{from: csv, file: .}":          "found a directory, wanted a file",
	} {
		if err := load(from); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, wanted %q", from, err, want)
		}
	}
	s := &Scenario{File: "a/b.yaml"}
	if got := s.Path("users.csv"); got != filepath.Join("a", "users.csv") {
		t.Errorf("Path = %s", got)
	}
	if absolute := filepath.Join(dir, "x"); s.Path(absolute) != absolute {
		t.Errorf("Path changed %s", absolute)
	}
}

func TestBuiltinsAndStarter(t *testing.T) {
	names := Builtin()
	if !slices.IsSorted(names) || !slices.Contains(names, "taobao-double11") || len(names) < 3 {
		t.Errorf("Builtin() = %q", names)
	}
	for _, name := range names {
		s, err := Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.Name != name || s.Storm == nil || s.Rehearsal == nil || s.Sale == nil || len(s.Source) == 0 {
			t.Errorf("%s: name %s, or no storm, rehearsal, sale or source", name, s.Name)
		}
	}
	s, err := Parse("new.yaml", Starter("spring-sale"))
	if err != nil || s.Name != "spring-sale" {
		t.Errorf("starter: %v, %v", s, err)
	}
}

func TestLoadOfWhatIsNotThere(t *testing.T) {
	for name, want := range map[string]string{
		"taobao-double1":     `no scenario "taobao-double1", wanted a file or one of century-mart-coupons, kuaishou-live-drop, taobao-double11 (did you mean taobao-double11?)`,
		"":                   `no scenario ""`,
		"testdata":           "it is a directory",
		"testdata/none.yaml": `no scenario "testdata/none.yaml", wanted a file or one of`,
		"none.yml":           `no scenario "none.yml"`,
	} {
		if _, err := Load(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%q): %v, wanted %q", name, err, want)
		}
	}
	file, text, err := Read(example)
	if err != nil || file != example || string(text) != exampleText(t) {
		t.Errorf("Read(%s) = %s, %v", example, file, err)
	}
}

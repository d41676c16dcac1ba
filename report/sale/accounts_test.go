package sale

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/loadgen/record"
	"fsctl/loadgen/record/orders"
	"fsctl/scenarios"
)

var everyInvariant = []string{scenarios.NoOversell, scenarios.OneOrderPerUser, scenarios.NoLostOrder}

// books are the accounts of a sale of one item, in words: "42 u1" is order 42 of user u1, "42 u1 x3" one of three pieces.
func books(t *testing.T, text string) (list []record.Order) {
	t.Helper()
	for _, word := range strings.Split(text, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		o := record.Order{SKU: "sku-1", Step: "order"}
		if _, err := fmt.Sscanf(word, "%s %s x%d", &o.ID, &o.User, &o.Quantity); err != nil && o.User == "" {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}

func judgeSale(l record.Ledger, stock int, ledger *scenarios.Ledger) (*Accounts, []Result) {
	rec := record.New(record.Manifest{T0: time.Unix(1_800_000_000, 0)})
	rec.Ledger = l
	a := Read(rec, &scenarios.Scenario{Sale: &scenarios.Sale{Items: 1, Stock: stock, PerUser: 1, SKU: "sku-${n}"}, Ledger: ledger})
	var results []Result
	for _, name := range everyInvariant {
		results = append(results, a.Judge(name))
	}
	return a, results
}

// TestAccounts judges sales by all three invariants: p pass, f fail, - no data, 0 nothing to compare.
func TestAccounts(t *testing.T) {
	for _, c := range []struct {
		name                string
		stock               int
		before, after, told string
		want                string // oversell, per user, lost
		repeated, users     int
		summaries           string // in one of the summaries
	}{
		{"one number for all", 1, "", "42 a", "42 a, 42 b, 42 c, 42 d", "fff", 0, 0, "one order number (42) told to 4 buyers"},
		{"one number for all, and enough stock", 100, "", "42 a", "42 a, 42 b, 42 c, 42 d", "fff", 0, 0, "one order number (42) told to 4 buyers"},
		{"two numbers for four", 100, "", "1 a, 2 b", "1 a, 1 b, 2 c, 2 d, 2 e", "fff", 0, 0, "2 order numbers told to several buyers, the worst (2) to 3"},
		{"one order for ten users", 100, "", "1 a, 1 b, 1 c, 1 d, 1 e, 1 f, 1 g, 1 h, 1 i, 1 j", "1 a", "fff", 0, 0, "one order (1) listed for 10 users"},
		{"two users' before, told to a third", 100, "4 a, 4 b", "1 z", "4 c, 1 z", "fff", 0, 0, "one order (4) told to user c and listed for user a"},
		{"one order in two ways", 100, "", "1 a x1, 1 a x2", "1 a", "fff", 0, 0, "one order (1) listed as 1 of sku-1 and as 2 of sku-1"},
		{"the same line twice", 100, "", "1 a, 1 a", "1 a", "ppp", 0, 0, ""},
		{"the same line, once without its quantity", 100, "", "1 a x1, 1 a", "1 a", "ppp", 0, 0, ""},
		{"told again", 100, "", "1 a", "1 a, 1 a, 1 a", "ppp", 2, 0, ""},
		{"swapped with another", 100, "", "1 a, 2 b, 3 c, 4 d", "1 a, 2 c, 3 b, 4 d", "fff", 0, 0, "told to one user and listed for another"},
		{"one told of another's", 100, "", "1 a, 2 b, 3 x", "1 a, 2 b, 3 c", "fff", 0, 0, "one order (3) told to user c and listed for user x"},
		{"other names in the shop", 100, "", "1 t-a, 2 t-b", "1 a, 2 b", "ppp", 0, 0, ""},
		{"a second storm", 10, "1 a, 2 b", "1 a, 2 b, 3 c", "3 c", "p-p", 0, 1, "the shop was not reset: 2 orders"},
		{"a second storm by new users", 10, "1 x, 2 y", "1 x, 2 y, 3 c", "3 c", "ppp", 0, 0, ""},
		{"a second storm at a sold-out shop", 2, "1 a, 2 b", "1 a, 2 b", "", "p-0", 0, 2, "of 2 users of this run"},
		{"a second storm oversells the whole", 2, "1 x, 2 y", "1 x, 2 y, 3 c", "3 c", "fpp", 0, 0, "sku-1 oversold by 1"},
		{"a second storm promises what is sold", 2, "1 x, 2 y", "1 x, 2 y", "3 c", "fpf", 0, 0, "lost 1 of 1"},
		{"old orders told again", 10, "1 a, 2 b", "1 a, 2 b", "1 a, 2 b, 2 b", "p-p", 3, 2, ""},
		{"old orders told again and lost", 10, "1 a, 2 b", "2 b", "1 a", "p-f", 1, 1, "lost 1 of 1 order"},
		{"old orders told again, by other names", 10, "1 t-a, 2 t-b", "1 t-a, 2 t-b", "1 a, 2 b", "p-p", 2, 2, ""},
		{"an old number for a new buyer", 10, "1 x, 2 y", "1 x, 2 y, 3 c, 4 d", "2 b, 3 c, 4 d", "fff", 0, 0, "told to user b and listed for user y"},
		{"an old number listed for another", 10, "1 x", "1 c, 2 d", "1 c, 2 d", "fff", 0, 0, "which was user x's before T0"},
		{"phantoms", 10, "", "1 a, 2 b", "1 a", "ppp", 0, 0, ""},
		{"nothing", 10, "", "", "", "000", 0, 0, "nothing was sold"},
		{"nothing new", 10, "1 x", "1 x", "", "p00", 0, 0, "sold 1 of 10, 1 order of them before T0"},
		{"twice in this run, in a shop that was not reset", 10, "1 a", "1 a, 2 a, 3 a", "2 a, 3 a", "pfp", 0, 1, "1 user with more than 1"},
		{"quantities that would wrap", 1, "", fmt.Sprintf("1 a x%d, 2 b x%d, 3 c x%d", math.MaxInt, math.MaxInt, math.MinInt), "", "ffp", 0, 0, "oversold by 2,000,000,000"},
	} {
		l := record.Ledger{Read: true, Sold: orders.ListOf(books(t, c.after)...), Told: books(t, c.told), Baseline: orders.ListOf(books(t, c.before)...), BaselineRead: true}
		if c.name == "a second storm" {
			l.BaselineUsers = 1
		}
		if c.name == "a second storm at a sold-out shop" {
			l.BaselineUsers = 2
		}
		if strings.HasPrefix(c.name, "twice in this run") {
			l.BaselineUsers = 1
		}
		a, results := judgeSale(l, c.stock, nil)
		got, summaries := "", ""
		for _, r := range results {
			got += map[Status]string{Held: "p", Broken: "f", NoData: "-", Nothing: "0"}[r.Status]
			summaries += r.Summary + "\n"
		}
		if got != c.want || len(a.repeated) != c.repeated || a.users != c.users || !strings.Contains(summaries, c.summaries) {
			t.Errorf("%s: %s, %d repeated, %d users before, wanted %s, %d, %d, %q\n%s%+v", c.name, got, len(a.repeated), a.users, c.want, c.repeated, c.users, c.summaries, summaries, results)
		}
		if (a.NotReset() != "") != (c.users > 0) {
			t.Errorf("%s: not reset: %q", c.name, a.NotReset())
		}
	}
}

// Without a ledger the answers alone are judged, and every judgement says so.
func TestAnswersAlone(t *testing.T) {
	answers := &scenarios.Ledger{Answers: true, Outcome: "placed"}
	for _, c := range []struct {
		name, told string
		stock      int
		want       [3]Status
	}{
		{"sold", "1 a, 2 b, 2 b", 2, [3]Status{Held, Held, NoData}},
		{"oversold", "1 a, 2 b, 3 c", 2, [3]Status{Broken, Held, NoData}},
		{"twice", "1 a, 2 a", 2, [3]Status{Held, Broken, NoData}},
		{"one number for all", "7 a, 7 b", 9, [3]Status{Broken, Broken, Broken}},
		{"nothing", "", 9, [3]Status{Nothing, Nothing, NoData}},
	} {
		a, results := judgeSale(record.Ledger{Told: books(t, c.told)}, c.stock, answers)
		for i, r := range results {
			if r.Status != c.want[i] || r.Status < NoData && !strings.HasSuffix(r.Summary, "by the answers alone") {
				t.Errorf("%s: %+v, wanted %d", c.name, r, c.want[i])
			}
		}
		if lost := results[2]; lost.Status == NoData && lost.Summary != "only the shop's own ledger can show a lost order" {
			t.Errorf("%s: %q", c.name, lost.Summary)
		}
		if a.NotReset()+a.Phantoms() != "" {
			t.Errorf("%s: %s%s", c.name, a.NotReset(), a.Phantoms())
		}
	}
}

// A ledger that cannot be read is no data by its own reason, though part of it was.
func TestUnreadableLedger(t *testing.T) {
	_, results := judgeSale(record.Ledger{Error: "read ledger: order 7: quantity: found -1", Sold: orders.ListOf(books(t, "1 a, 2 b")...)}, 1000, nil)
	for _, r := range results {
		if r.Status != NoData || !strings.Contains(r.Summary, "could not be read: read ledger: order 7") {
			t.Errorf("%+v", r)
		}
	}
}

func TestRepeatsAreCountedByStep(t *testing.T) {
	rec := record.New(record.Manifest{T0: time.Unix(1_800_000_000, 0)})
	at := rec.Manifest.T0.Add(1500 * time.Millisecond)
	told := func(id, step string) record.Order { return record.Order{ID: id, User: "u", Step: step, At: at} }
	rec.Ledger.Told = []record.Order{told("1", "order"), told("1", "order"), told("1", "again"), told("1", "")}
	sc := &scenarios.Scenario{Steps: []scenarios.Step{{Name: "order", Transaction: true, Outcome: []scenarios.Outcome{{Name: "placed"}}}, {Name: "again"}}}
	a := Read(rec, sc)
	for w, want := range map[record.Window][2]int64{record.Everything: {2, 1}, {From: 1, To: 2}: {2, 1}, {From: 2, To: 9}: {0, 0}} {
		if got := a.Repeated(w, rec.Manifest.T0); got["order"] != want[0] || got["again"] != want[1] {
			t.Errorf("%v: %v, wanted %v", w, got, want)
		}
	}
}

// Requests that got no answer may have placed the orders that nobody was told of.
func TestPhantomsStandBesideRequestsInDoubt(t *testing.T) {
	rec := record.New(record.Manifest{T0: time.Unix(1_800_000_000, 0)})
	rec.Add(record.Interval{Steps: map[string]*record.Counters{"order": {Errors: map[string]uint64{"timeout": 2, "refused": 9, "reset": 1}}}})
	rec.Ledger = record.Ledger{Read: true, Sold: orders.ListOf(books(t, "1 a, 2 b, 3 c")...), Told: books(t, "1 a")}
	sc := &scenarios.Scenario{Steps: []scenarios.Step{{Name: "order", Transaction: true, Outcome: []scenarios.Outcome{{Name: "placed"}}}}}
	want := "2 orders of the shop's ledger are new, and no buyer was told of them; 3 requests of order got no answer (reset 1, timeout 2)"
	a := Read(rec, sc)
	if got := a.Phantoms(); got != want {
		t.Errorf("found %s, wanted %s", got, want)
	}
	if r := a.Judge(scenarios.NoLostOrder); r.Status != Held || !slices.Contains(r.Evidence, want) {
		t.Errorf("%+v", r)
	}
}

// What a shop writes into its ledger does not reach a terminal as it is.
func TestNamesOfOthersAreQuoted(t *testing.T) {
	for text, want := range map[string]string{"42": "42", "用户": "用户", "a\x1b[31m": `"a\x1b[31m"`, "a\nb": `"a\nb"`, `a"b`: `"a\"b"`, strings.Repeat("7", 1000): strings.Repeat("7", 60) + "..."} {
		if got := named(text); got != want {
			t.Errorf("%q is named %s, wanted %s", text, got, want)
		}
	}
}

// has reports whether a list has an order, of a user or of anybody.
func has(list []record.Order, id, user string) bool {
	return slices.ContainsFunc(list, func(o record.Order) bool { return o.ID == id && (user == "" || o.User == user) })
}

// sum returns the pieces of lists.
func sum(lists ...[]record.Order) (n int) {
	for _, o := range slices.Concat(lists...) {
		n += pieces(o)
	}
	return n
}

// holds returns the most pieces that one user has.
func holds(list []record.Order) (most int) {
	for _, o := range list {
		n := 0
		for _, p := range list {
			if p.User == o.User {
				n += pieces(p)
			}
		}
		most = max(most, n)
	}
	return most
}

// slowly judges by what the words say, in the most obvious way: pairs of a number and a user, counted by hand.
func slowly(before, after, told []record.Order, stock, limit int) (status [3]Status, repeated int) {
	var owned, fresh, kept, promised, again []record.Order
	clash := false
	for _, o := range after {
		for _, p := range after {
			clash = clash || o.ID == p.ID && (o.User != p.User || pieces(o) != pieces(p))
		}
		for _, p := range before {
			clash = clash || o.ID == p.ID && o.User != p.User && !has(before, o.ID, o.User)
		}
		if has(owned, o.ID, o.User) {
			continue
		}
		for _, p := range after {
			if p.ID == o.ID && p.User == o.User {
				o.Quantity = max(pieces(o), pieces(p))
			}
		}
		owned = append(owned, o)
		if has(before, o.ID, "") {
			kept = append(kept, o)
		} else {
			fresh = append(fresh, o)
		}
	}
	for i, o := range told {
		for _, p := range told {
			clash = clash || o.ID == p.ID && o.User != p.User
		}
		listed := has(after, o.ID, "") || has(before, o.ID, "")
		clash = clash || listed && !has(after, o.ID, o.User) && (has(after, o.ID, "") || !has(before, o.ID, o.User))
		switch {
		case has(told[:i], o.ID, o.User):
			repeated++
		case has(before, o.ID, o.User):
			repeated++
			again = append(again, o)
		default:
			promised = append(promised, o)
		}
	}
	lost := slices.ContainsFunc(slices.Concat(promised, again), func(o record.Order) bool { return !has(after, o.ID, "") })
	is := func(broken, noData, nothing bool) Status {
		switch {
		case clash || broken:
			return Broken
		case nothing:
			return Nothing
		case noData:
			return NoData
		}
		return Held
	}
	reset := !slices.ContainsFunc(slices.Concat(promised, again), func(o record.Order) bool {
		return slices.ContainsFunc(before, func(p record.Order) bool {
			return p.User == o.User && (has(again, o.ID, o.User) || has(fresh, o.ID, o.User))
		})
	})
	status[0] = is(max(sum(owned), sum(kept, promised)) > stock, false, len(owned)+len(promised)+len(again) == 0)
	status[1] = is(holds(fresh) > limit || holds(promised) > limit, !reset, reset && len(fresh)+len(promised) == 0)
	status[2] = is(lost, false, len(fresh)+len(promised)+len(again) == 0)
	return status, repeated
}

// TestAgainstASlowJudge holds random sales against the slow judge. Every run tells of some orders that the ledger lists for
// the same user, so that both accounts call users alike.
func TestAgainstASlowJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.SampledFrom([]string{"1", "2", "3", "4", "5", "6"})
		user := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		draw := func(name string, most int) (list []record.Order) {
			for range rapid.IntRange(0, most).Draw(t, name) {
				list = append(list, record.Order{ID: number.Draw(t, "number"), User: user.Draw(t, "user"), SKU: "sku-1",
					Quantity: rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(t, "quantity")})
			}
			return list
		}
		before, after := draw("before", 3), []record.Order(nil)
		if rapid.Bool().Draw(t, "kept") {
			after = slices.Clone(before)
		}
		after = append(after, draw("sold", 3)...)
		var told []record.Order
		for _, o := range after {
			for range rapid.IntRange(0, 2).Draw(t, "told") {
				told = append(told, record.Order{ID: o.ID, User: o.User, SKU: o.SKU, Quantity: 1})
			}
		}
		told = append(told, draw("told", 1)...)
		for i := range told {
			told[i].Quantity = 1
		}
		for i := range 40 { // alike
			o := record.Order{ID: fmt.Sprint("n", i), User: fmt.Sprint("v", i), SKU: "sku-1", Quantity: 1}
			after, told = append(after, o), append(told, o)
		}
		stock := 40 + rapid.IntRange(0, 8).Draw(t, "stock")
		want, repeated := slowly(before, after, told, stock, 1)
		a, results := judgeSale(record.Ledger{Read: true, Sold: orders.ListOf(after...), Told: told, Baseline: orders.ListOf(before...), BaselineRead: true}, stock, nil)
		for i, r := range results {
			if r.Status != want[i] {
				t.Fatalf("%s is %d (%s %q), wanted %d\nbefore %v\nafter %v\ntold %v\nstock %d", everyInvariant[i], r.Status, r.Summary, r.Evidence, want[i], before, after[:len(after)-40], told[:len(told)-40], stock)
			}
		}
		if len(a.repeated) != repeated {
			t.Fatalf("%d repeated, wanted %d", len(a.repeated), repeated)
		}
	})
}

// A number that very many users share takes no longer than as many numbers.
func TestOneNumberForVeryMany(t *testing.T) {
	var list []record.Order
	for i := range 50_000 {
		list = append(list, record.Order{ID: "1", User: fmt.Sprint("u", i), SKU: "sku-1"})
	}
	_, results := judgeSale(record.Ledger{Read: true, Sold: orders.ListOf(list...), Told: list, Baseline: orders.ListOf(list...), BaselineRead: true}, 1, nil)
	for _, r := range results {
		if r.Status != Broken || len(r.Evidence) > 2*(mostEvidence+1) {
			t.Errorf("%s, %d lines of evidence", r.Summary, len(r.Evidence))
		}
	}
}

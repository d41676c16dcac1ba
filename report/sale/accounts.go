package sale

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// Accounts are the two accounts of the sale, the shop's and the buyers'.
//
// In the shop's an order counts once for each user that it is listed for, however often it is listed. In the buyers' a number
// counts once for each buyer who was told of it: four buyers who were told of one number were promised four pieces. An answer
// without the number tells of no order: it may be one that the buyer was told of before.
type Accounts struct {
	sale    *scenarios.Sale // nil where the scenario sells nothing
	ledger  *record.Ledger
	answers bool // the shop has no account to read

	sold      []record.Order // by the shop, in all
	before    []record.Order // of these, what stood in its ledger before T0 already
	fresh     []record.Order // and what did not
	told      []record.Order // to buyers for the first time, in this run
	again     []record.Order // to buyers who had the order before T0
	repeated  []record.Order // answers that told a buyer of an order again
	nameless  int            // answers that confirmed an order without its number
	copies    int            // lines of the ledger that are the same as another
	vanished  int            // orders of before T0 that the ledger lists no more
	phantoms  int            // fresh orders that no buyer was told of
	users     int            // of this run, who had orders before T0
	unnamed   int            // orders of the ledger whose item is not known, in a sale of several
	buyerless int            // fresh orders without a user that no buyer was told of
	doubts    []string       // requests for an order that got no answer, though the shop may have had them; by step
	clashes   []clash        // what contradicts itself
	confirms  []string       // steps whose answers tell of orders

	skus map[string]string // by order number, as buyers were told; empty for a number that was told with several
}

// listings are the different lines of each order number.
type listings map[string][]record.Order

// Read reads the accounts of a run. The scenario is that which ran; one without a ledger ran in an older version.
func Read(rec *record.Record, sc *scenarios.Scenario) *Accounts {
	a := &Accounts{sale: sc.Sale, ledger: &rec.Ledger, answers: sc.Ledger != nil && sc.Ledger.Answers}
	a.learnItems(rec.Ledger.Told)
	after, base := a.list(rec.Ledger.Sold, true), listings{}
	if rec.Ledger.BaselineRead {
		base = a.list(rec.Ledger.Baseline, false)
	}
	for _, o := range a.sold {
		if o.SKU == "" && a.sale != nil && a.sale.Items > 1 {
			a.unnamed++
		}
		if _, old := base[o.ID]; old {
			a.before = append(a.before, o)
		} else {
			a.fresh = append(a.fresh, o)
		}
	}
	for id := range base {
		if _, still := after[id]; !still {
			a.vanished++
		}
	}
	buyers := buyersOf(rec.Ledger.Told)
	owners := func(id string) []string {
		if listed := usersOf(after[id]); len(listed) > 0 {
			return listed
		}
		return usersOf(base[id])
	}
	same := haveSameNames(buyers, owners)
	a.hear(rec.Ledger.Told, base, same)
	for _, o := range a.fresh {
		if _, told := buyers[o.ID]; !told && o.ID != "" {
			a.phantoms++
			if o.User == "" {
				a.buyerless++
			}
		}
	}
	a.clashes = slices.Concat(clashesOfBuyers(buyers), clashesOfListings(after, base))
	if same {
		a.clashes = append(a.clashes, clashesOfOwners(buyers, owners)...)
	}
	a.users = max(rec.Ledger.BaselineUsers, a.usersBefore(base, buyers))
	a.findSteps(rec, sc)
	return a
}

// learnItems learns of which item each order is that buyers were told of.
func (a *Accounts) learnItems(told []record.Order) {
	a.skus = map[string]string{}
	for _, o := range told {
		if sku, known := a.skus[o.ID]; known && sku != o.SKU {
			o.SKU = ""
		}
		a.skus[o.ID] = o.SKU
	}
}

// withSKU names the item of an order that does not say it: the only one of the sale, or that which its buyer ordered.
func (a *Accounts) withSKU(o record.Order) record.Order {
	switch {
	case o.SKU != "":
	case a.sale != nil && a.sale.Items == 1:
		o.SKU = strings.ReplaceAll(a.sale.SKU, "${n}", "1")
	default:
		o.SKU = a.skus[o.ID]
	}
	return o
}

// withoutItem says how many orders of the ledger are of an item that is not known; empty for none.
func (a *Accounts) withoutItem() string {
	if a.unnamed == 0 {
		return ""
	}
	return quantity.Of(a.unnamed, "order") + " of the shop's ledger " + verb(a.unnamed, "does", "do") + " not say of which item, and the sale has " + quantity.Count(a.sale.Items)
}

// withoutUser says how many new orders have no known buyer; empty for none.
func (a *Accounts) withoutUser() string {
	if a.buyerless == 0 {
		return ""
	}
	return quantity.Of(a.buyerless, "new order") + " of the shop's ledger " + verb(a.buyerless, "does", "do") + " not say who bought " + verb(a.buyerless, "it", "them") + ", and no buyer was told of " + verb(a.buyerless, "it", "them")
}

// gone says how many orders of before T0 the ledger lists no more; empty for none.
func (a *Accounts) gone() string {
	if a.vanished == 0 {
		return ""
	}
	return quantity.Of(a.vanished, "order") + " of before T0 " + verb(a.vanished, "is", "are") + " no longer in the shop's ledger"
}

// list sorts the lines of a ledger by order number; those of the shop's account after the run also become what was sold.
func (a *Accounts) list(lines []record.Order, isAccount bool) listings {
	sorted := make([]record.Order, 0, len(lines))
	for _, o := range lines {
		sorted = append(sorted, a.withSKU(record.Order{ID: o.ID, User: o.User, SKU: o.SKU, Quantity: pieces(o)}))
	}
	l, copies := listingsOf(sorted)
	if !isAccount {
		return l
	}
	a.copies = copies
	for _, id := range slices.Sorted(maps.Keys(l)) {
		for i, o := range l[id] { // of one user and item the larger line counts, which is the last
			if next := i + 1; id == "" || next == len(l[id]) || l[id][next].User != o.User || l[id][next].SKU != o.SKU {
				a.sold = append(a.sold, o)
			}
		}
	}
	return l
}

// listingsOf returns the lines by order number, in order of user, item and quantity, and how many it left out because they
// are the same as another. It sorts what it is given.
func listingsOf(lines []record.Order) (l listings, copies int) {
	slices.SortFunc(lines, func(x, y record.Order) int {
		return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.User, y.User), cmp.Compare(x.SKU, y.SKU), cmp.Compare(x.Quantity, y.Quantity))
	})
	all := len(lines)
	lines = slices.CompactFunc(lines, func(x, y record.Order) bool { return x.ID != "" && x == y })
	l = make(listings, len(lines))
	for from := 0; from < len(lines); {
		to := from + 1
		for to < len(lines) && lines[to].ID == lines[from].ID {
			to++
		}
		l[lines[from].ID] = lines[from:to:to]
		from = to
	}
	return l, all - len(lines)
}

// isListed reports whether lines of one order name a user.
func isListed(lines []record.Order, user string) bool {
	_, found := slices.BinarySearchFunc(lines, user, func(o record.Order, user string) int { return cmp.Compare(o.User, user) })
	return found
}

// hear sorts what buyers were told: new orders, and those that they know already.
func (a *Accounts) hear(told []record.Order, base listings, same bool) {
	type telling struct{ id, user string }
	heard := map[telling]bool{}
	for _, o := range told {
		t := telling{o.ID, o.User}
		o = a.withSKU(o)
		switch {
		case o.ID == "":
			a.nameless++ // it may be an order that the buyer was told of before
		case heard[t]:
			a.repeated = append(a.repeated, o)
		case base[o.ID] != nil && (!same || isListed(base[o.ID], o.User)):
			a.again, a.repeated = append(a.again, o), append(a.repeated, o)
		default:
			a.told = append(a.told, o)
		}
		heard[t] = true
	}
}

// usersBefore returns how many users of this run had orders before T0, as far as their orders of this run show it.
func (a *Accounts) usersBefore(base listings, buyers listings) int {
	old := map[string]bool{}
	for _, lines := range base {
		for _, o := range lines {
			old[o.User] = o.User != ""
		}
	}
	mine, known := map[string]bool{}, map[string]bool{}
	for _, o := range a.fresh {
		if _, told := buyers[o.ID]; told && old[o.User] {
			mine[o.User] = true
		}
	}
	for _, o := range a.again {
		known[o.User] = true
	}
	return max(len(mine), len(known))
}

// notInDoubt are the errors of requests that cannot have reached the shop.
var notInDoubt = []string{"refused", "dns", "tls", "network", "ports"}

// findSteps finds the steps whose answers tell of orders, and how many of their requests are in doubt.
func (a *Accounts) findSteps(rec *record.Record, sc *scenarios.Scenario) {
	confirms := scenarios.DefaultLedgerOutcome
	if sc.Ledger != nil {
		confirms = sc.Ledger.Outcome
	}
	for i := range sc.Steps {
		s := &sc.Steps[i]
		if !s.Transaction || !slices.ContainsFunc(s.Outcome, func(o scenarios.Outcome) bool { return o.Name == confirms }) {
			continue
		}
		a.confirms = append(a.confirms, s.Name)
		errors := rec.Counters(record.Everything, s.Name).Errors
		var kinds []string
		sum := uint64(0)
		for _, class := range slices.Sorted(maps.Keys(errors)) {
			if !slices.Contains(notInDoubt, class) {
				sum += errors[class]
				kinds = append(kinds, class+" "+quantity.Count(errors[class]))
			}
		}
		if sum > 0 {
			a.doubts = append(a.doubts, fmt.Sprintf("%s of %s got no answer (%s)", quantity.Of(sum, "request"), s.Name, strings.Join(kinds, ", ")))
		}
	}
}

// Repeated returns by step how many answers told a buyer of an order again, from 0, in the seconds of a window.
func (a *Accounts) Repeated(w record.Window, t0 time.Time) map[string]int64 {
	sum := map[string]int64{}
	for _, o := range a.repeated {
		if o.Step == "" && len(a.confirms) == 1 { // in a record of an older version
			o.Step = a.confirms[0]
		}
		if w == record.Everything || w.Contains(int(math.Floor(o.At.Sub(t0).Seconds()))) {
			sum[o.Step]++
		}
	}
	return sum
}

// NotReset says how many orders stood in the ledger before T0, and how many users of this run they belong to; empty where
// they belong to no user of this run.
func (a *Accounts) NotReset() string {
	if a.users == 0 {
		return ""
	}
	return a.notReset() + ": reset its orders and its stock before each run, or send users that it does not know"
}

// Phantoms says how many new orders the shop has that no buyer was told of, beside the requests in doubt; empty for none.
func (a *Accounts) Phantoms() string {
	if a.phantoms == 0 {
		return ""
	}
	return a.phantomText()
}

func (a *Accounts) notReset() string {
	return fmt.Sprintf("the shop was not reset: %s stood in its ledger before T0, among them those of %s of this run",
		quantity.Of(len(a.ledger.Baseline), "order"), quantity.Of(a.users, "user"))
}

func (a *Accounts) phantomText() string {
	text := quantity.Of(a.phantoms, "order") + " of the shop's ledger " + verb(a.phantoms, "is", "are") + " new, and no buyer was told of " + verb(a.phantoms, "it", "them")
	why := slices.Clone(a.doubts)
	if a.nameless > 0 {
		why = append(why, a.withoutNumber())
	}
	if len(why) == 0 {
		return text + "; every request for an order was answered, so that others bought meanwhile, or the shop sold more than it said"
	}
	return text + "; " + strings.Join(why, ", ")
}

// noData says why the accounts prove nothing, or nothing where they do.
func (a *Accounts) noData() string {
	switch {
	case a.answers && a.nameless > 0:
		return a.withoutNumber() + ", and there is no ledger to show what was sold"
	case a.answers:
		return ""
	case a.ledger.Error != "":
		return "the shop's ledger could not be read: " + strings.Join(strings.Fields(a.ledger.Error), " ")
	case !a.ledger.Read:
		return "the shop's ledger was not read"
	}
	return ""
}

// withoutNumber tells of the answers that confirmed an order without its number, empty for none.
func (a *Accounts) withoutNumber() string {
	if a.nameless == 0 {
		return ""
	}
	return quantity.Of(a.nameless, "answer") + " confirmed an order without its number"
}

// nothing is the reason where there is nothing to compare.
const nothing = "nothing was sold, and no buyer was told of an order"

// mostPieces is the most that an order is taken to have, as in a ledger: a sum of them never wraps.
const mostPieces = 1_000_000_000

// pieces returns how many pieces an order is.
func pieces(o record.Order) int { return min(max(o.Quantity, 1), mostPieces) }

// named returns a text of somebody else's for a message: short, and in one line.
func named(text string) string {
	const most = 60
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	if quoted := strconv.Quote(text); quoted[1:len(quoted)-1] != text || strings.TrimSpace(text) != text {
		return quoted
	}
	return text
}

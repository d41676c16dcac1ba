package sale

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"fsctl/loadgen/record"
	"fsctl/loadgen/record/orders"
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

	sold, before account // by the shop, in all; and of these, what stood in its ledger before T0 already
	fresh        int     // and how many orders did not

	after  *listings     // the shop's ledger
	buyers *orders.Index // its new orders, by user and item

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
	clashes   clashes        // what contradicts itself
	confirms  []string       // steps whose answers tell of orders

	items *items
}

// account is how many orders there are of each item.
type account struct {
	orders int
	pieces map[string]int // by SKU
}

func (c *account) add(r orders.Row) {
	if c.orders++; len(r.SKU) > 0 {
		c.pieces[string(r.SKU)] += r.Quantity
	}
}

// Read reads the accounts of a run. The scenario is that which ran; one without a ledger ran in an older version.
//
// The lines of the shop's ledger stay where the record has them. Beside them it takes up to 24 bytes for each, and what buyers were
// told.
func Read(rec *record.Record, sc *scenarios.Scenario) *Accounts {
	a := &Accounts{sale: sc.Sale, ledger: &rec.Ledger, answers: sc.Ledger != nil && sc.Ledger.Answers, clashes: newClashes()}
	a.sold.pieces, a.before.pieces = map[string]int{}, map[string]int{}
	a.learnItems(rec.Ledger.Told)
	baseline := &orders.List{}
	if rec.Ledger.BaselineRead {
		baseline = &rec.Ledger.Baseline
	}
	base := newListings(baseline, a.items)
	a.after = newListings(&rec.Ledger.Sold, a.items)
	buyers := buyersOf(rec.Ledger.Told)
	a.clashes.ofBuyers(buyers)
	known := a.count(base, buyers)
	for id := range base.byID.Groups() {
		if a.after.find(id).isNone() {
			a.vanished++
		}
	}
	owners := func(id string) listing {
		l := a.after.find([]byte(id))
		if count, _ := l.users(); count > 0 {
			return l
		}
		return base.find([]byte(id))
	}
	same := haveSameNames(buyers, owners)
	a.hear(rec.Ledger.Told, base, same)
	if same {
		a.clashes.ofOwners(buyers, owners)
	}
	a.users = max(rec.Ledger.BaselineUsers, a.usersBefore(baseline, known))
	a.findSteps(rec, sc)
	return a
}

// count counts the orders of the shop's ledger, and returns the users of new ones that a buyer was told of.
func (a *Accounts) count(base *listings, buyers buyersByID) (known map[string]bool) {
	known = map[string]bool{}
	var fresh []orders.Place
	for id, places := range a.after.byID.Groups() {
		lines, old := listing{a.after, places}, base.find(id)
		_, told := buyers[string(id)]
		if len(id) > 0 {
			a.copies += a.clashes.ofListing(lines, old)
		}
		lines.counted(func(p orders.Place, r orders.Row) {
			a.sold.add(r)
			if len(r.SKU) == 0 && a.sale != nil && a.sale.Items > 1 {
				a.unnamed++
			}
			if !old.isNone() {
				a.before.add(r)
				return
			}
			a.fresh++
			switch {
			case told:
				known[string(r.User)] = true
			case len(id) > 0:
				a.phantoms++
				if len(r.User) == 0 {
					a.buyerless++
				}
			}
			if len(r.User) > 0 {
				fresh = append(fresh, p)
			}
		})
	}
	a.buyers = orders.NewIndex(a.after.list, fresh, func(to []byte, r orders.Row) []byte {
		r = a.items.complete(r)
		return appendBuyer(to, r.User, r.SKU)
	}, func(x, y orders.Row) int { return bytes.Compare(x.ID, y.ID) })
	return known
}

// learnItems learns of which item each order is that buyers were told of.
func (a *Accounts) learnItems(told []record.Order) {
	a.items = &items{byID: map[string]string{}}
	if a.sale != nil && a.sale.Items == 1 {
		a.items.only = []byte(strings.ReplaceAll(a.sale.SKU, "${n}", "1"))
	}
	for _, o := range told {
		if sku, known := a.items.byID[o.ID]; known && sku != o.SKU {
			o.SKU = ""
		}
		a.items.byID[o.ID] = o.SKU
	}
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

// hear sorts what buyers were told: new orders, and those that they know already.
func (a *Accounts) hear(told []record.Order, base *listings, same bool) {
	type telling struct{ id, user string }
	heard := map[telling]bool{}
	for _, o := range told {
		t := telling{o.ID, o.User}
		if o.SKU == "" {
			o.SKU = string(a.items.sku([]byte(o.ID)))
		}
		old := base.find([]byte(o.ID))
		switch {
		case o.ID == "":
			a.nameless++ // it may be an order that the buyer was told of before
		case heard[t]:
			a.repeated = append(a.repeated, o)
		case !old.isNone() && (!same || old.isFor(o.User)):
			a.again, a.repeated = append(a.again, o), append(a.repeated, o)
		default:
			a.told = append(a.told, o)
		}
		heard[t] = true
	}
}

// usersBefore returns how many users of this run had orders before T0, as far as their orders of this run show it.
//
//	known  users of new orders that a buyer was told of
func (a *Accounts) usersBefore(base *orders.List, known map[string]bool) int {
	mine, again := map[string]bool{}, map[string]bool{}
	for _, r := range base.Rows() {
		if len(r.User) > 0 && known[string(r.User)] && !mine[string(r.User)] {
			mine[string(r.User)] = true
		}
	}
	for _, o := range a.again {
		again[o.User] = true
	}
	return max(len(mine), len(again))
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
		quantity.Of(a.ledger.Baseline.Len(), "order"), quantity.Of(a.users, "user"))
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
func pieces(o record.Order) int { return inPieces(o.Quantity) }

func inPieces(quantity int) int { return min(max(quantity, 1), mostPieces) }

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

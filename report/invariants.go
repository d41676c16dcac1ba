package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// InvariantResult is the judgement on one invariant of the sale.
type InvariantResult struct {
	Name     string   `json:"name"`
	Status   Status   `json:"status"`
	Expected int      `json:"expected"` // pieces in stock; pieces a user may buy; orders confirmed to buyers
	Observed int      `json:"observed"` // pieces sold; most pieces of a user; orders found
	Evidence []string `json:"evidence"`
	Optional bool     `json:"optional,omitempty"` // without data it is skipped
	Summary  string   `json:"summary"`            // in one line
}

// mostEvidence is how many users or orders are named.
const mostEvidence = 5

func judgeInvariants(rec *record.Record, sc *scenarios.Scenario) []InvariantResult {
	results := []InvariantResult{}
	if len(sc.Invariants) == 0 {
		return results
	}
	a := readAccounts(&rec.Ledger, sc.Sale)
	for _, invariant := range sc.Invariants {
		var r InvariantResult
		switch invariant.Name {
		case scenarios.NoOversell:
			r = a.noOversell()
		case scenarios.OneOrderPerUser:
			r = a.oneOrderPerUser()
		case scenarios.NoLostOrder:
			r = a.noLostOrder()
		default:
			r = InvariantResult{Status: NoData, Summary: "this version does not know it"}
		}
		r.Name, r.Optional = invariant.Name, invariant.Optional
		if r.Evidence == nil {
			r.Evidence = []string{}
		}
		results = append(results, r)
	}
	return results
}

// accounts are the two accounts of the sale, the shop's and the buyers': an order once however often it is listed.
type accounts struct {
	sale     *scenarios.Sale // nil where the scenario sells nothing
	ledger   *record.Ledger
	sold     []record.Order // by the shop
	told     []record.Order // to buyers
	nameless int            // answers that confirmed an order without its number
}

func readAccounts(ledger *record.Ledger, sale *scenarios.Sale) *accounts {
	a := &accounts{sale: sale, ledger: ledger}
	a.sold, _ = distinct(ledger.Sold)
	a.told, a.nameless = distinct(ledger.Told)
	for _, orders := range [][]record.Order{a.sold, a.told} {
		for i := range orders {
			if orders[i].SKU == "" && sale != nil && sale.Items == 1 {
				orders[i].SKU = strings.ReplaceAll(sale.SKU, "${n}", "1")
			}
		}
	}
	return a
}

// distinct returns each order once. Those without a number cannot be distinguished, so each is its own.
func distinct(orders []record.Order) (once []record.Order, nameless int) {
	seen := map[string]bool{}
	for _, o := range orders {
		if o.ID == "" {
			nameless++
		} else if seen[o.ID] {
			continue
		}
		seen[o.ID] = true
		once = append(once, o)
	}
	return once, nameless
}

// noData says why the accounts prove nothing, or nothing where they do.
func (a *accounts) noData() string {
	switch {
	case a.ledger.Error != "":
		return "the shop's ledger could not be read: " + oneLine(a.ledger.Error)
	case !a.ledger.Read:
		return "the shop's ledger was not read"
	case len(a.sold) == 0 && len(a.told) == 0:
		return "nothing was sold, and no buyer was told of an order"
	}
	return ""
}

// pieces returns how many pieces an order is.
func pieces(o record.Order) int { return max(o.Quantity, 1) }

func piecesBySKU(orders []record.Order) map[string]int {
	sum := map[string]int{}
	for _, o := range orders {
		if o.SKU != "" {
			sum[o.SKU] += pieces(o)
		}
	}
	return sum
}

// noOversell holds when of no item more pieces were sold, or promised to buyers, than there were. Where
// the shop says that it had fewer than the scenario, the fewer count.
func (a *accounts) noOversell() InvariantResult {
	sold, told := piecesBySKU(a.sold), piecesBySKU(a.told)
	var r InvariantResult
	var differing, over []string
	worst, worstSKU := 0, ""
	for _, sku := range a.items(sold, told) {
		stock, known := a.stockOf(sku)
		r.Observed += max(sold[sku], told[sku])
		if !known {
			continue
		}
		r.Expected += stock
		if text := a.difference(sku); text != "" {
			differing = append(differing, text)
		}
		excess := max(sold[sku], told[sku]) - stock
		if excess <= 0 {
			continue
		}
		how := "sold " + quantity.Count(sold[sku])
		if told[sku] > sold[sku] {
			how = "buyers were told of " + quantity.Count(told[sku])
		}
		over = append(over, fmt.Sprintf("%s: stock %s, %s: %s too many", sku, quantity.Count(stock), how, quantity.Count(excess)))
		if excess > worst {
			worst, worstSKU = excess, sku
		}
	}
	r.Evidence = append(first(over, mostEvidence, "item"), first(differing, mostEvidence, "item")...)
	switch {
	case len(over) > 0:
		r.Status = Broken
		r.Summary = fmt.Sprintf("%s oversold by %s", worstSKU, quantity.Count(worst))
		if len(over) > 1 {
			r.Summary = fmt.Sprintf("%s oversold, the worst is %s by %s", quantity.Of(len(over), "item"), worstSKU, quantity.Count(worst))
		}
	case a.noData() != "":
		r.Status, r.Summary = NoData, a.noData()
	case r.Expected == 0 && !a.anyStock(sold, told):
		r.Status, r.Summary = NoData, "neither the scenario nor the shop says how much there was to sell"
	default:
		r.Status = Held
		r.Summary = fmt.Sprintf("sold %s of %s", quantity.Count(r.Observed), quantity.Count(r.Expected))
	}
	return r
}

// items returns the items that either account knows, sorted.
func (a *accounts) items(sold, told map[string]int) []string {
	names := map[string]bool{}
	for _, known := range []map[string]int{sold, told, a.ledger.Stock} {
		for sku := range known {
			names[sku] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (a *accounts) anyStock(sold, told map[string]int) bool {
	for _, sku := range a.items(sold, told) {
		if _, known := a.stockOf(sku); known {
			return true
		}
	}
	return false
}

// stockOf returns how many pieces of an item there were.
func (a *accounts) stockOf(sku string) (stock int, known bool) {
	own, says := a.ledger.Stock[sku]
	if a.sale == nil || a.sale.Stock == 0 {
		return own, says
	}
	if says {
		return min(own, a.sale.Stock), true
	}
	return a.sale.Stock, true
}

func (a *accounts) difference(sku string) string {
	own, says := a.ledger.Stock[sku]
	if !says || a.sale == nil || a.sale.Stock == 0 || own == a.sale.Stock {
		return ""
	}
	return fmt.Sprintf("%s: the shop says it had %s, the scenario %s: give both the same stock", sku, quantity.Count(own), quantity.Count(a.sale.Stock))
}

// buyer is a user and what he buys.
type buyer struct{ user, sku string }

// holding is what one user has of one item, by one account.
type holding struct {
	buyer
	pieces int
	orders []record.Order
	source string // has, or was told of
}

// oneOrderPerUser holds when no user has more pieces of an item than he may buy, by either account.
func (a *accounts) oneOrderPerUser() InvariantResult {
	if a.sale == nil || a.sale.PerUser == 0 {
		return InvariantResult{Status: NoData, Summary: "the scenario does not say how many one user may buy"}
	}
	limit := a.sale.PerUser
	r := InvariantResult{Expected: limit}
	bySold, byTold := holdingsOf(a.sold, "has"), holdingsOf(a.told, "was told of")
	worst := map[buyer]holding{}
	for _, h := range slices.Concat(bySold, byTold) {
		r.Observed = max(r.Observed, h.pieces)
		if h.pieces > limit && h.pieces > worst[h.buyer].pieces {
			worst[h.buyer] = h
		}
	}
	over := slices.SortedFunc(maps.Values(worst), func(x, y holding) int {
		return cmp.Or(cmp.Compare(y.pieces, x.pieces), cmp.Compare(x.user, y.user), cmp.Compare(x.sku, y.sku))
	})
	for _, h := range over {
		r.Evidence = append(r.Evidence, fmt.Sprintf("user %s %s %s of %s, wanted at most %s: orders %s",
			h.user, h.source, quantity.Count(h.pieces), cmp.Or(h.sku, "an item"), quantity.Count(limit), orderIDs(h.orders)))
	}
	r.Evidence = first(r.Evidence, mostEvidence, "user")
	switch {
	case len(over) > 0:
		r.Status = Broken
		r.Summary = fmt.Sprintf("%s with more than %s, the worst is %s with %s", quantity.Of(len(over), "user"), quantity.Count(limit), over[0].user, quantity.Count(over[0].pieces))
	case a.noData() != "":
		r.Status, r.Summary = NoData, a.noData()
	case len(bySold) == 0 && len(byTold) == 0:
		r.Status, r.Summary = NoData, "no order says who bought it"
	default:
		r.Status = Held
		r.Summary = "no user has more than " + quantity.Count(r.Observed)
	}
	return r
}

func holdingsOf(orders []record.Order, source string) []holding {
	var holdings []holding
	for who, theirs := range ordersByBuyer(orders) {
		h := holding{buyer: who, orders: theirs, source: source}
		for _, o := range theirs {
			h.pieces += pieces(o)
		}
		holdings = append(holdings, h)
	}
	return holdings
}

func ordersByBuyer(orders []record.Order) map[buyer][]record.Order {
	groups := map[buyer][]record.Order{}
	for _, o := range orders {
		if o.User != "" {
			who := buyer{o.User, o.SKU}
			groups[who] = append(groups[who], o)
		}
	}
	return groups
}

func orderIDs(orders []record.Order) string {
	var ids []string
	for _, o := range orders {
		ids = append(ids, cmp.Or(o.ID, "without a number"))
	}
	slices.Sort(ids)
	return strings.Join(first(ids, mostEvidence, "order"), ", ")
}

// noLostOrder holds when every order that a buyer was told to have is in the shop's ledger.
func (a *accounts) noLostOrder() InvariantResult {
	r := InvariantResult{Expected: len(a.told)}
	if reason := a.noData(); reason != "" {
		r.Status, r.Summary = NoData, reason
		return r
	}
	known := map[string]bool{}
	for _, o := range a.sold {
		known[o.ID] = true
	}
	var lost []string
	for _, o := range a.told {
		switch {
		case o.ID == "":
		case known[o.ID]:
			r.Observed++
		default:
			lost = append(lost, fmt.Sprintf("order %s of user %s is not in the shop's ledger", o.ID, cmp.Or(o.User, "unknown")))
		}
	}
	slices.Sort(lost)
	r.Evidence = first(lost, mostEvidence, "order")
	if a.nameless > 0 {
		r.Evidence = append(r.Evidence, quantity.Of(a.nameless, "answer")+" confirmed an order without its number: extract it with ledger.order_id")
	}
	switch {
	case len(lost) > 0:
		r.Status = Broken
		r.Summary = fmt.Sprintf("lost %s of %s that buyers were told of", quantity.Count(len(lost)), quantity.Of(len(a.told), "order"))
	case a.nameless > 0:
		r.Status, r.Summary = NoData, r.Evidence[0]
	default:
		r.Status = Held
		r.Summary = fmt.Sprintf("the shop knows %s of %s that buyers were told of", quantity.Count(r.Observed), quantity.Of(len(a.told), "order"))
	}
	return r
}

// first returns at most n texts, and how many there are more.
func first(texts []string, n int, noun string) []string {
	if len(texts) <= n {
		return texts
	}
	return append(slices.Clone(texts[:n]), fmt.Sprintf("and %s more", quantity.Of(len(texts)-n, noun)))
}

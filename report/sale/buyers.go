package sale

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fsctl/loadgen/record"
	"fsctl/scenarios/quantity"
)

// buyer is a user and what he buys.
type buyer struct{ user, sku string }

// holding is what one user has of one item, by one account.
type holding struct {
	buyer
	pieces int
	orders []record.Order
	source string // has, or was told of
}

// oneOrderPerUser holds when no user has more pieces of an item than he may buy, by either account of this run: orders of
// before T0 are left out. Where users of this run had some, it cannot tell what they should have been given.
func (a *Accounts) oneOrderPerUser() Result {
	if a.sale == nil || a.sale.PerUser == 0 {
		return Result{Status: NoData, Summary: "the scenario does not say how many one user may buy"}
	}
	limit := a.sale.PerUser
	r := Result{Expected: limit}
	bySold, byTold := holdingsOf(a.fresh, "has"), holdingsOf(a.told, "was told of")
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
			named(h.user), h.source, quantity.Count(h.pieces), cmp.Or(named(h.sku), "an item"), quantity.Count(limit), orderIDs(h.orders)))
	}
	r.Evidence = quantity.FirstOf(r.Evidence, mostEvidence, "user")
	broken, lacks := "", a.noData()
	if len(over) > 0 {
		broken = fmt.Sprintf("%s with more than %s, the worst is %s with %s", quantity.Of(len(over), "user"), quantity.Count(limit), named(over[0].user), quantity.Count(over[0].pieces))
	}
	switch {
	case lacks != "":
	case a.users > 0:
		lacks = a.notReset()
	case len(a.fresh)+len(a.told) == 0:
		lacks = cmp.Or(a.withoutNumber(), nothing)
	case len(bySold) == 0 && len(byTold) == 0:
		lacks = "no order says who bought it"
	default:
		lacks = cmp.Or(a.withoutItem(), a.withoutUser())
	}
	r.decide(a, broken, lacks, "no user has more than "+quantity.Count(r.Observed))
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
		ids = append(ids, cmp.Or(named(o.ID), "without a number"))
	}
	slices.Sort(ids)
	return strings.Join(quantity.FirstOf(ids, mostEvidence, "order"), ", ")
}

// noLostOrder holds when every order that a buyer was told to have is in the shop's ledger.
func (a *Accounts) noLostOrder() Result {
	r := Result{Expected: len(a.told) + a.nameless}
	if a.answers {
		r.decide(a, "", "only the shop's own ledger can show a lost order", "")
		return r
	}
	known := map[string]bool{}
	for _, o := range a.sold {
		known[o.ID] = true
	}
	var lost []string
	for i, o := range slices.Concat(a.told, a.again) {
		switch {
		case !known[o.ID]:
			lost = append(lost, fmt.Sprintf("order %s of user %s is not in the shop's ledger", named(o.ID), cmp.Or(named(o.User), "unknown")))
			if i >= len(a.told) {
				r.Expected++
			}
		case i < len(a.told):
			r.Observed++
		}
	}
	slices.Sort(lost)
	nameless := a.withoutNumber()
	if nameless != "" {
		nameless += ": extract it with ledger.order_id"
	}
	lacks := a.noData()
	if lacks == "" {
		r.Evidence = quantity.FirstOf(lost, mostEvidence, "order")
		r.Evidence = append(r.Evidence, a.aside(nameless)...)
	}
	broken := ""
	switch {
	case lacks != "":
	case len(lost) > 0:
		broken = fmt.Sprintf("lost %s of %s that buyers were told of", quantity.Count(len(lost)), quantity.Of(r.Expected, "order"))
	case len(a.fresh)+len(a.told)+len(a.again)+a.nameless == 0:
		lacks = nothing
	default:
		lacks = nameless
	}
	r.decide(a, broken, lacks, fmt.Sprintf("the shop knows %s of %s that buyers were told of", quantity.Count(r.Observed), quantity.Of(len(a.told), "order")))
	return r
}

// aside is evidence that breaks nothing by itself.
func (a *Accounts) aside(nameless string) (list []string) {
	if nameless != "" {
		list = append(list, nameless)
	}
	if a.phantoms > 0 {
		list = append(list, a.phantomText())
	}
	if gone := a.gone(); gone != "" {
		list = append(list, gone)
	}
	return list
}

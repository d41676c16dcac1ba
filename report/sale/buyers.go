package sale

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"fsctl/scenarios/quantity"
)

// buyer is a user and what he buys.
type buyer struct{ user, sku string }

// holding is what one user has of one item, by one account.
type holding struct {
	buyer
	pieces int
	orders *worst[string] // their numbers
	source string         // has, or was told of
}

func (h *holding) add(id string, pieces int) {
	h.pieces += pieces
	h.orders.add(cmp.Or(named(id), "without a number"))
}

// oneOrderPerUser holds when no user has more pieces of an item than he may buy, by either account of this run: orders of
// before T0 are left out. Where users of this run had some, it cannot tell what they should have been given.
func (a *Accounts) oneOrderPerUser() Result {
	if a.sale == nil || a.sale.PerUser == 0 {
		return Result{Status: NoData, Summary: "the scenario does not say how many one user may buy"}
	}
	limit := a.sale.PerUser
	r := Result{Expected: limit}
	over := &worst[*holding]{compare: func(x, y *holding) int {
		return cmp.Or(cmp.Compare(y.pieces, x.pieces), cmp.Compare(x.user, y.user), cmp.Compare(x.sku, y.sku))
	}}
	holders := 0
	for h := range a.holdings() {
		holders++
		if r.Observed = max(r.Observed, h.pieces); h.pieces > limit {
			over.add(h)
		}
	}
	for _, h := range over.list {
		r.Evidence = append(r.Evidence, fmt.Sprintf("user %s %s %s of %s, wanted at most %s: orders %s",
			named(h.user), h.source, quantity.Count(h.pieces), cmp.Or(named(h.sku), "an item"), quantity.Count(limit), strings.Join(andMore(h.orders.list, h.orders.all, "order"), ", ")))
	}
	r.Evidence = andMore(r.Evidence, over.all, "user")
	broken, lacks := "", a.noData()
	if over.all > 0 {
		broken = fmt.Sprintf("%s with more than %s, the worst is %s with %s", quantity.Of(over.all, "user"), quantity.Count(limit), named(over.list[0].user), quantity.Count(over.list[0].pieces))
	}
	switch {
	case lacks != "":
	case a.users > 0:
		lacks = a.notReset()
	case a.fresh+len(a.told) == 0:
		lacks = cmp.Or(a.withoutNumber(), nothing)
	case holders == 0:
		lacks = "no order says who bought it"
	default:
		lacks = cmp.Or(a.withoutItem(), a.withoutUser())
	}
	r.decide(a, broken, lacks, "no user has more than "+quantity.Count(r.Observed))
	return r
}

// holdings returns what each user has of each item, by the account that gives him more.
func (a *Accounts) holdings() iter.Seq[*holding] {
	return func(yield func(*holding) bool) {
		told := map[buyer]*holding{}
		for _, o := range a.told {
			if o.User != "" {
				who := buyer{o.User, o.SKU}
				if told[who] == nil {
					told[who] = &holding{buyer: who, source: "was told of", orders: newTexts()}
				}
				told[who].add(o.ID, pieces(o))
			}
		}
		for _, places := range a.buyers.Groups() {
			first := a.items.complete(a.after.list.Row(places[0]))
			h := &holding{buyer: buyer{string(first.User), string(first.SKU)}, source: "has", orders: newTexts()}
			for _, p := range places {
				row := a.items.complete(a.after.list.Row(p))
				h.add(string(row.ID), row.Quantity)
			}
			if t := told[h.buyer]; t != nil && t.pieces > h.pieces {
				h = t
			}
			delete(told, h.buyer)
			if !yield(h) {
				return
			}
		}
		for _, h := range told {
			if !yield(h) {
				return
			}
		}
	}
}

// noLostOrder holds when every order that a buyer was told to have is in the shop's ledger.
func (a *Accounts) noLostOrder() Result {
	r := Result{Expected: len(a.told) + a.nameless}
	if a.answers {
		r.decide(a, "", "only the shop's own ledger can show a lost order", "")
		return r
	}
	var lost []string
	for i, o := range slices.Concat(a.told, a.again) {
		switch {
		case a.after.find([]byte(o.ID)).isNone():
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
	case a.fresh+len(a.told)+len(a.again)+a.nameless == 0:
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

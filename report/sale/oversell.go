package sale

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"fsctl/scenarios/quantity"
)

// noOversell holds when of no item more pieces were sold, or promised to buyers, than there were, orders of before T0
// included: they are of the same stock. Where the shop says that it had fewer than the scenario, the fewer count.
func (a *Accounts) noOversell() Result {
	sold, before, told := a.sold.pieces, a.before.pieces, maps.Clone(a.before.pieces)
	for _, o := range a.told {
		if o.SKU != "" {
			told[o.SKU] += pieces(o)
		}
	}
	var r Result
	var differing, over []string
	worst, worstSKU, apart := 0, "", areApart(sold, told)
	r.Observed = mostPiecesOf(sold, told, apart)
	for _, sku := range a.itemNames(sold, told) {
		stock, known := a.stockOf(sku)
		if !known {
			continue
		}
		if sold[sku] > 0 || !apart || told[sku] == 0 { // one item under two names is one stock
			r.Expected += min(stock, math.MaxInt-r.Expected)
		}
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
			if old := before[sku]; old > 0 {
				how = fmt.Sprintf("%s before T0 and buyers told of %s more", quantity.Count(old), quantity.Count(told[sku]-old))
			}
		}
		over = append(over, fmt.Sprintf("%s: stock %s, %s: %s too many", named(sku), quantity.Count(stock), how, quantity.Count(excess)))
		if excess > worst {
			worst, worstSKU = excess, sku
		}
	}
	r.Evidence = append(quantity.FirstOf(over, mostEvidence, "item"), quantity.FirstOf(differing, mostEvidence, "item")...)
	r.Evidence = append(r.Evidence, a.asideOfStock(apart)...)
	broken, lacks := "", cmp.Or(a.noData(), a.unsold(), a.withoutItem())
	switch {
	case len(over) > 1:
		broken = fmt.Sprintf("%s oversold, the worst is %s by %s", quantity.Of(len(over), "item"), named(worstSKU), quantity.Count(worst))
	case len(over) == 1:
		broken = fmt.Sprintf("%s oversold by %s", named(worstSKU), quantity.Count(worst))
	}
	if lacks == "" && r.Expected == 0 && !a.anyStock(sold, told) {
		lacks = "neither the scenario nor the shop says how much there was to sell"
	}
	held := fmt.Sprintf("sold %s of %s", quantity.Count(r.Observed), quantity.Count(r.Expected))
	if n := a.before.orders; n > 0 {
		held += fmt.Sprintf(", %s of them before T0", quantity.Of(n, "order"))
	}
	if a.answers {
		held = fmt.Sprintf("buyers were told of %s of %s", quantity.Count(r.Observed), quantity.Count(r.Expected))
	}
	r.decide(a, broken, lacks, held)
	return r
}

// areApart reports whether the two accounts have no item in common, though both have some: they call items differently.
func areApart(sold, told map[string]int) bool {
	for sku := range told {
		if _, both := sold[sku]; both {
			return false
		}
	}
	return len(sold) > 0 && len(told) > 0
}

// mostPiecesOf returns how many pieces were sold or promised: the larger of the two of each item, or of all of them where the
// accounts call items differently.
func mostPiecesOf(sold, told map[string]int, apart bool) (most int) {
	all := [2]int{}
	for sku, n := range sold {
		all[0] += n
		most += max(n, told[sku])
	}
	for sku, n := range told {
		if all[1] += n; sold[sku] == 0 {
			most += n
		}
	}
	if apart {
		return max(all[0], all[1])
	}
	return most
}

// asideOfStock is evidence that breaks nothing by itself.
func (a *Accounts) asideOfStock(apart bool) (list []string) {
	if apart {
		list = append(list, "the shop's ledger names none of the items that buyers were told of: give sale.sku the shop's names")
	}
	if gone := a.gone(); gone != "" {
		list = append(list, gone+", and not counted")
	}
	return list
}

// unsold is the reason where neither account has an order.
func (a *Accounts) unsold() string {
	if a.sold.orders+len(a.told)+len(a.again) == 0 {
		return cmp.Or(a.withoutNumber(), nothing)
	}
	return ""
}

// itemNames returns the items that either account knows, sorted.
func (a *Accounts) itemNames(sold, told map[string]int) []string {
	names := map[string]bool{}
	for _, known := range []map[string]int{sold, told, a.ledger.Stock} {
		for sku := range known {
			names[sku] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (a *Accounts) anyStock(sold, told map[string]int) bool {
	for _, sku := range a.itemNames(sold, told) {
		if _, known := a.stockOf(sku); known {
			return true
		}
	}
	return false
}

// stockOf returns how many pieces of an item there were.
func (a *Accounts) stockOf(sku string) (stock int, known bool) {
	own, says := a.ledger.Stock[sku]
	if a.sale == nil || a.sale.Stock == 0 {
		return own, says
	}
	if says {
		return min(own, a.sale.Stock), true
	}
	return a.sale.Stock, true
}

func (a *Accounts) difference(sku string) string {
	own, says := a.ledger.Stock[sku]
	if !says || a.sale == nil || a.sale.Stock == 0 || own == a.sale.Stock {
		return ""
	}
	return fmt.Sprintf("%s: the shop says it had %s, the scenario %s: give both the same stock", named(sku), quantity.Count(own), quantity.Count(a.sale.Stock))
}

package compose

import (
	"math"
	"sort"
	"strconv"

	"fsctl/scenarios"
	"fsctl/scenarios/random"
	"fsctl/scenarios/template"
)

// items chooses the item that an arrival wants: item i with probability i^-s / H (Zipf), all alike for s = 0.
type items struct {
	count      int
	cumulative []float64 // nil where all are alike
	draws      random.Stream
	before     string // of the number in the SKU's name
	after      string
	numbered   bool
}

// onlyItem is the item that every user wants where the scenario has no sale.
const onlyItem = "sku-1"

func newItems(sale *scenarios.Sale, seed uint64) (*items, error) {
	it := &items{count: 1, draws: random.NewStream(seed, "item")}
	if sale == nil {
		it.before = onlyItem
		return it, nil
	}
	it.count = sale.Items
	name, err := template.Parse(sale.SKU)
	if err != nil {
		return nil, err
	}
	for _, p := range name {
		switch {
		case p.Value != nil:
			it.numbered = true
		case it.numbered:
			it.after += p.Literal
		default:
			it.before += p.Literal
		}
	}
	if s := sale.Popularity.Zipf; s > 0 && it.count > 1 {
		it.cumulative = make([]float64, it.count)
		var sum float64
		for i := range it.cumulative {
			sum += math.Pow(float64(i+1), -s)
			it.cumulative[i] = sum
		}
	}
	return it, nil
}

// of returns the number, from 1, of the item that an arrival wants.
func (it *items) of(arrival uint64) int {
	u := it.draws.Float64(arrival)
	if it.cumulative == nil {
		return 1 + int(u*float64(it.count))
	}
	last := len(it.cumulative) - 1
	return 1 + min(last, sort.SearchFloat64s(it.cumulative, u*it.cumulative[last]))
}

// appendSKU writes the name of the item that an arrival wants.
func (it *items) appendSKU(b []byte, arrival uint64) []byte {
	b = append(b, it.before...)
	if it.numbered {
		b = strconv.AppendInt(b, int64(it.of(arrival)), 10)
	}
	return append(b, it.after...)
}

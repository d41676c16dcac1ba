package sale

import (
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/record"
	"fsctl/loadgen/record/orders"
	"fsctl/scenarios"
)

// TestOrdersWithoutTheirItem judges sales of two items, whose ledger may leave out what an order is of, or whose it is.
func TestOrdersWithoutTheirItem(t *testing.T) {
	told := []record.Order{{ID: "1", User: "a", SKU: "s-1"}, {ID: "2", User: "a", SKU: "s-2"}}
	line := func(id, user, sku string) record.Order { return record.Order{ID: id, User: user, SKU: sku} }
	for _, c := range []struct {
		name            string
		sold, before    []record.Order
		oversell, buyer Status
		text            string
	}{
		{"the buyers say of which", []record.Order{line("1", "a", ""), line("2", "a", "")}, nil, Held, Held, "sold 2 of 2"},
		{"nobody says of which", []record.Order{line("1", "a", ""), line("2", "a", ""), line("3", "b", ""), line("4", "c", "")}, nil,
			NoData, NoData, "2 orders of the shop's ledger do not say of which item, and the sale has 2"},
		{"nobody says whose", []record.Order{line("1", "a", ""), line("2", "a", ""), line("3", "", "s-3")}, nil,
			Held, NoData, "1 new order of the shop's ledger does not say who bought it, and no buyer was told of it"},
		{"two names of one item", []record.Order{line("1", "a", "A"), line("2", "a", "B")}, nil, Held, Held, "give sale.sku the shop's names"},
		{"two names of one item, counted once", []record.Order{line("1", "a", "A"), line("2", "a", "B")}, nil, Held, Held, "sold 2 of 2"},
		{"orders that are gone", []record.Order{line("1", "a", ""), line("2", "a", "")}, []record.Order{line("9", "z", "s-1")},
			Held, Held, "1 order of before T0 is no longer in the shop's ledger, and not counted"},
	} {
		rec := record.New(record.Manifest{T0: time.Unix(1_800_000_000, 0)})
		rec.Ledger = record.Ledger{Told: told, Sold: orders.ListOf(c.sold...), Read: true, Baseline: orders.ListOf(c.before...), BaselineRead: true}
		a := Read(rec, &scenarios.Scenario{Sale: &scenarios.Sale{Items: 2, Stock: 1, PerUser: 1, SKU: "s-${n}"}, Ledger: &scenarios.Ledger{URL: "/l"}})
		oversell, buyer := a.Judge(scenarios.NoOversell), a.Judge(scenarios.OneOrderPerUser)
		all := strings.Join(append(append(oversell.Evidence, buyer.Evidence...), oversell.Summary, buyer.Summary), "\n")
		if oversell.Status != c.oversell || buyer.Status != c.buyer || !strings.Contains(all, c.text) {
			t.Errorf("%s: found %d and %d, wanted %d and %d, with %q in\n%s", c.name, oversell.Status, buyer.Status, c.oversell, c.buyer, c.text, all)
		}
	}
	if got := named("o1 "); got != `"o1 "` {
		t.Errorf("found %s, wanted the blank to be seen", got)
	}
}

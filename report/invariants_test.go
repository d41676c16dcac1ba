package report

import (
	"fmt"
	"strings"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/loadgen/record/orders"
	"fsctl/report/sale"
	"fsctl/scenarios"
)

// mostEvidence is how many users or orders are named.
const mostEvidence = 5

// someOrders returns n orders of an item by as many users, numbered from first.
func someOrders(first, n int, sku string) []record.Order {
	var list []record.Order
	for i := first; i < first+n; i++ {
		list = append(list, record.Order{ID: fmt.Sprintf("o%d", i), User: fmt.Sprintf("u%d", i), SKU: sku, Quantity: 1})
	}
	return list
}

func judgeLedger(ledger record.Ledger, sells *scenarios.Sale, name string) InvariantResult {
	rec := record.New(manifest())
	rec.Ledger = ledger
	sc := &scenarios.Scenario{Sale: sells, Invariants: []scenarios.Invariant{{Name: name}}}
	return judgeInvariants(sale.Read(rec, sc), sc.Invariants)[0]
}

func TestInvariants(t *testing.T) {
	sale := &scenarios.Sale{Items: 2, Stock: 200, PerUser: 1, SKU: "sku-${n}"}
	one := &scenarios.Sale{Items: 1, Stock: 200, PerUser: 1, SKU: "sku-${n}"}
	twice := append(someOrders(1, 3, "sku-1"), record.Order{ID: "o99", User: "u2", SKU: "sku-1"})
	pairs := []record.Order{{ID: "a", User: "u", SKU: "sku-1", Quantity: 2}}
	for _, c := range []struct {
		name      string
		invariant string
		sale      *scenarios.Sale
		ledger    record.Ledger
		status    Status
		expected  int
		observed  int
		evidence  string
	}{
		{"all sold", scenarios.NoOversell, sale, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 200, "sku-1")...)}, Held, 200, 200, ""},
		{"oversold", scenarios.NoOversell, sale, record.Ledger{Read: true, Sold: orders.ListOf(append(someOrders(1, 213, "sku-1"), someOrders(300, 5, "sku-2")...)...)}, Broken, 400, 218, "sku-1: stock 200, sold 213: 13 too many"},
		{"listed twice is sold once", scenarios.NoOversell, sale, record.Ledger{Read: true, Sold: orders.ListOf(append(someOrders(1, 150, "sku-1"), someOrders(1, 150, "sku-1")...)...)}, Held, 200, 150, "150 lines of the ledger repeat another"},
		{"promised too many", scenarios.NoOversell, sale, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 200, "sku-1")...), Told: someOrders(1, 207, "sku-1")}, Broken, 200, 207, "buyers were told of 207: 7 too many"},
		{"promised too many, no ledger", scenarios.NoOversell, sale, record.Ledger{Told: someOrders(1, 207, "sku-1")}, Broken, 200, 207, "7 too many"},
		{"no item named, one item", scenarios.NoOversell, one, record.Ledger{Read: true, Told: someOrders(1, 207, "")}, Broken, 200, 207, "sku-1: stock 200"},
		{"pieces count", scenarios.NoOversell, &scenarios.Sale{Items: 1, Stock: 1, SKU: "sku-${n}"}, record.Ledger{Read: true, Sold: orders.ListOf(pairs...)}, Broken, 1, 2, "1 too many"},
		{"shop had more", scenarios.NoOversell, sale, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 213, "sku-1")...), Stock: map[string]int{"sku-1": 1000}}, Broken, 200, 213, "the shop says it had 1,000, the scenario 200"},
		{"shop had less", scenarios.NoOversell, sale, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 110, "sku-1")...), Stock: map[string]int{"sku-1": 100}}, Broken, 100, 110, "sku-1: stock 100, sold 110: 10 too many"},
		{"only the shop knows its stock", scenarios.NoOversell, nil, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 11, "x")...), Stock: map[string]int{"x": 10}}, Broken, 10, 11, "1 too many"},
		{"unknown stock", scenarios.NoOversell, nil, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 11, "x")...)}, NoData, 0, 11, ""},
		{"not read", scenarios.NoOversell, sale, record.Ledger{Told: someOrders(1, 5, "sku-1")}, NoData, 200, 5, ""},
		{"unreadable", scenarios.NoOversell, sale, record.Ledger{Error: "status 500", Told: someOrders(1, 5, "sku-1")}, NoData, 200, 5, ""},
		{"nothing happened", scenarios.NoOversell, sale, record.Ledger{Read: true, Stock: map[string]int{"sku-1": 200}}, NoData, 200, 0, ""},

		{"each one", scenarios.OneOrderPerUser, sale, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 20, "sku-1")...)}, Held, 1, 1, ""},
		{"one of each item", scenarios.OneOrderPerUser, sale, record.Ledger{Read: true, Sold: orders.ListOf([]record.Order{{ID: "a", User: "u", SKU: "sku-1"}, {ID: "b", User: "u", SKU: "sku-2"}}...)}, Held, 1, 1, ""},
		{"twice", scenarios.OneOrderPerUser, sale, record.Ledger{Read: true, Sold: orders.ListOf(twice...)}, Broken, 1, 2, "user u2 has 2 of sku-1, wanted at most 1: orders o2, o99"},
		{"told twice, sold once", scenarios.OneOrderPerUser, sale, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 3, "sku-1")...), Told: twice}, Broken, 1, 2, "user u2 was told of 2"},
		{"two in one order", scenarios.OneOrderPerUser, sale, record.Ledger{Read: true, Sold: orders.ListOf(pairs...)}, Broken, 1, 2, "orders a"},
		{"nameless users", scenarios.OneOrderPerUser, sale, record.Ledger{Read: true, Sold: orders.ListOf([]record.Order{{ID: "a"}, {ID: "b"}}...)}, NoData, 1, 0, ""},
		{"no limit known", scenarios.OneOrderPerUser, nil, record.Ledger{Read: true, Sold: orders.ListOf(twice...)}, NoData, 0, 0, ""},

		{"all there", scenarios.NoLostOrder, sale, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 9, "sku-1")...), Told: someOrders(1, 8, "sku-1")}, Held, 8, 8, "1 order of the shop's ledger is new, and no buyer was told of it"},
		{"told twice of one", scenarios.NoLostOrder, sale, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 9, "sku-1")...), Told: append(someOrders(1, 8, "sku-1"), someOrders(1, 8, "sku-1")...)}, Held, 8, 8, "no buyer was told of it"},
		{"lost", scenarios.NoLostOrder, sale, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 3, "sku-1")...), Told: someOrders(1, 12, "sku-1")}, Broken, 12, 3, "order o10 of user u10 is not in the shop's ledger"},
		{"without a number", scenarios.NoLostOrder, sale, record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 3, "sku-1")...), Told: []record.Order{{User: "u1"}}}, NoData, 1, 0, "without its number"},
		{"not read", scenarios.NoLostOrder, sale, record.Ledger{Told: someOrders(1, 3, "sku-1")}, NoData, 3, 0, ""},
	} {
		r := judgeLedger(c.ledger, c.sale, c.invariant)
		evidence := strings.Join(r.Evidence, "\n")
		if r.Status != c.status || r.Expected != c.expected || r.Observed != c.observed || !strings.Contains(evidence, c.evidence) || (c.evidence == "") != (evidence == "") {
			t.Errorf("%s: %s: %+v; wanted %s, expected %d, observed %d, evidence %q", c.invariant, c.name, r, c.status, c.expected, c.observed, c.evidence)
		}
		if r.Summary == "" || len(r.Evidence) > 2*(mostEvidence+1) {
			t.Errorf("%s: %s: summary %q, %d lines of evidence", c.invariant, c.name, r.Summary, len(r.Evidence))
		}
	}
}

func TestEvidenceIsShort(t *testing.T) {
	var sold []record.Order
	for user := range 40 {
		for i := range 3 {
			sold = append(sold, record.Order{ID: fmt.Sprintf("o%d-%d", user, i), User: fmt.Sprintf("u%02d", user), SKU: "sku-1"})
		}
	}
	sale := &scenarios.Sale{Items: 1, Stock: 200, PerUser: 1, SKU: "sku-${n}"}
	r := judgeLedger(record.Ledger{Read: true, Sold: orders.ListOf(sold...)}, sale, scenarios.OneOrderPerUser)
	if len(r.Evidence) != mostEvidence+1 || r.Evidence[mostEvidence] != "and 35 users more" {
		t.Errorf("evidence %q", r.Evidence)
	}
}

func TestJudgingLeavesTheLedgerAlone(t *testing.T) {
	ledger := record.Ledger{Read: true, Sold: orders.ListOf(someOrders(1, 2, "")...)}
	judgeLedger(ledger, &scenarios.Sale{Items: 1, Stock: 5, SKU: "sku-${n}"}, scenarios.NoOversell)
	if ledger.Sold.All()[0].SKU != "" {
		t.Error("judging gave the record's orders an item")
	}
}

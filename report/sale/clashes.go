package sale

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"fsctl/loadgen/record"
	"fsctl/loadgen/record/orders"
	"fsctl/scenarios/quantity"
)

// clash is an order number by which an account contradicts itself, or the other: whatever the stock, that is no sale.
type clash struct {
	kind  string // for several of them
	size  int    // how bad it is
	id    string
	text  func() string
	worst string // after "the worst"
}

// clashes are counted, and the worst of them are kept.
type clashes struct {
	worst *worst[clash]
	kinds map[string]int
}

func newClashes() clashes {
	return clashes{kinds: map[string]int{}, worst: &worst[clash]{compare: func(x, y clash) int {
		return cmp.Or(cmp.Compare(y.size, x.size), cmp.Compare(x.id, y.id), cmp.Compare(x.kind, y.kind))
	}}}
}

func (c *clashes) add(one clash) {
	c.kinds[one.kind]++
	c.worst.add(one)
}

// buyersByID are the buyers who were told of each number, sorted.
type buyersByID map[string][]string

func buyersOf(told []record.Order) buyersByID {
	buyers := buyersByID{}
	for _, o := range told {
		if o.ID != "" {
			buyers[o.ID] = append(buyers[o.ID], o.User)
		}
	}
	for id, users := range buyers {
		slices.Sort(users)
		users = slices.Compact(users)
		if users[0] == "" {
			users = users[1:]
		}
		buyers[id] = users
	}
	return buyers
}

// haveSameNames reports whether the shop calls users as this run does: half of the orders that one buyer was told of, and
// that the ledger lists for one user, are the same user's. A shop may know a user by a token, or by a number of its own.
func haveSameNames(buyers buyersByID, owners func(id string) listing) bool {
	same, all := 0, 0
	for id, users := range buyers {
		if len(users) != 1 {
			continue
		}
		if count, listed := owners(id).users(); count == 1 {
			all++
			if users[0] == string(listed) {
				same++
			}
		}
	}
	return same > 0 && 2*same >= all
}

func (c *clashes) ofBuyers(buyers buyersByID) {
	for id, users := range buyers {
		if n := len(users); n > 1 {
			c.add(clash{kind: "told to several buyers", size: n, id: id, worst: "to " + quantity.Count(n), text: func() string {
				return fmt.Sprintf("one order number (%s) told to %s", named(id), quantity.Of(n, "buyer"))
			}})
		}
	}
}

// ofListing compares the lines of one order with each other, and with those of before T0. It returns how many lines are the same
// as another.
func (c *clashes) ofListing(lines, base listing) (copies int) {
	first, second, count := lines.different()
	n, user := lines.users()
	old, owner := base.users()
	id := string(first.ID)
	switch {
	case n > 1:
		c.add(clash{kind: "listed for several users", size: n, id: id, worst: "for " + quantity.Count(n), text: func() string {
			return fmt.Sprintf("one order (%s) listed for %s", named(id), quantity.Of(n, "user"))
		}})
	case count > 1:
		c.add(clash{kind: "listed in different ways", size: count, id: id, worst: "in " + quantity.Count(count), text: func() string {
			return fmt.Sprintf("one order (%s) listed as %s and as %s", named(id), ofItem(first), ofItem(second))
		}})
	case n == 1 && old > 0 && !base.isFor(string(user)):
		c.add(clash{kind: "another user's before T0", size: 1, id: id, worst: "by 1", text: func() string {
			return fmt.Sprintf("one order (%s) listed for user %s, which was user %s's before T0", named(id), named(string(user)), named(string(owner)))
		}})
	}
	return len(lines.places) - count
}

func ofItem(r orders.Row) string {
	return quantity.Count(r.Quantity) + " of " + cmp.Or(named(string(r.SKU)), "an item")
}

// ofOwners finds orders of which one user was told, and that the ledger lists for another.
func (c *clashes) ofOwners(buyers buyersByID, owners func(id string) listing) {
	for id, users := range buyers {
		if len(users) != 1 {
			continue
		}
		listed := owners(id)
		if n, owner := listed.users(); n > 0 && !listed.isFor(users[0]) {
			c.add(clash{kind: "told to one user and listed for another", size: 1, id: id, worst: "by 1", text: func() string {
				return fmt.Sprintf("one order (%s) told to user %s and listed for user %s", named(id), named(users[0]), named(string(owner)))
			}})
		}
	}
}

// broken returns the summary and the evidence of the clashes; empty where there are none.
func (a *Accounts) broken() (summary string, evidence []string) {
	c := a.clashes
	if c.worst.all == 0 {
		return "", nil
	}
	for _, one := range c.worst.list {
		evidence = append(evidence, one.text())
	}
	worst := c.worst.list[0]
	summary = evidence[0]
	if n := c.kinds[worst.kind]; n > 1 {
		summary = fmt.Sprintf("%s %s, the worst (%s) %s", quantity.Of(n, "order number"), worst.kind, named(worst.id), worst.worst)
	}
	for _, kind := range slices.Sorted(maps.Keys(c.kinds)) {
		if kind != worst.kind {
			summary += fmt.Sprintf("; %s %s", quantity.Count(c.kinds[kind]), kind)
		}
	}
	return summary, andMore(evidence, c.worst.all, "order")
}

// andMore returns texts, and how many more of all there are.
func andMore(texts []string, all int, noun string) []string {
	if more := all - len(texts); more > 0 {
		return append(texts, "and "+quantity.Of(more, noun)+" more")
	}
	return texts
}

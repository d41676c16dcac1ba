package sale

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"fsctl/loadgen/record"
	"fsctl/scenarios/quantity"
)

// clash is an order number by which an account contradicts itself, or the other: whatever the stock, that is no sale.
type clash struct {
	kind  string // for several of them
	size  int    // how bad it is
	id    string
	text  string
	worst string // after "the worst"
}

// buyersOf returns the buyers who were told of each number, as lines.
func buyersOf(told []record.Order) listings {
	var lines []record.Order
	for _, o := range told {
		if o.ID != "" {
			lines = append(lines, record.Order{ID: o.ID, User: o.User})
		}
	}
	buyers, _ := listingsOf(lines)
	return buyers
}

// usersOf returns the users that lines of one order name, sorted.
func usersOf(lines []record.Order) (users []string) {
	for i, o := range lines {
		if o.User != "" && (i == 0 || o.User != lines[i-1].User) {
			users = append(users, o.User)
		}
	}
	return users
}

// haveSameNames reports whether the shop calls users as this run does: half of the orders that one buyer was told of, and
// that the ledger lists for one user, are the same user's. A shop may know a user by a token, or by a number of its own.
func haveSameNames(buyers listings, owners func(id string) []string) bool {
	same, all := 0, 0
	for id, lines := range buyers {
		if users, listed := usersOf(lines), owners(id); len(users) == 1 && len(listed) == 1 {
			all++
			if users[0] == listed[0] {
				same++
			}
		}
	}
	return same > 0 && 2*same >= all
}

func clashesOfBuyers(buyers listings) (list []clash) {
	for id, lines := range buyers {
		if n := len(usersOf(lines)); n > 1 {
			list = append(list, clash{kind: "told to several buyers", size: n, id: id,
				text: fmt.Sprintf("one order number (%s) told to %s", named(id), quantity.Of(n, "buyer")), worst: "to " + quantity.Count(n)})
		}
	}
	return list
}

func clashesOfListings(after, base listings) (list []clash) {
	for id, lines := range after {
		if id == "" {
			continue
		}
		users := usersOf(lines)
		old := usersOf(base[id])
		switch n := len(users); {
		case n > 1:
			list = append(list, clash{kind: "listed for several users", size: n, id: id,
				text: fmt.Sprintf("one order (%s) listed for %s", named(id), quantity.Of(n, "user")), worst: "for " + quantity.Count(n)})
		case len(lines) > 1:
			list = append(list, clash{kind: "listed in different ways", size: len(lines), id: id,
				text:  fmt.Sprintf("one order (%s) listed as %s of %s and as %s of %s", named(id), quantity.Count(lines[0].Quantity), cmp.Or(named(lines[0].SKU), "an item"), quantity.Count(lines[1].Quantity), cmp.Or(named(lines[1].SKU), "an item")),
				worst: "in " + quantity.Count(len(lines))})
		case n == 1 && len(old) > 0 && !slices.Contains(old, users[0]):
			list = append(list, clash{kind: "another user's before T0", size: 1, id: id,
				text: fmt.Sprintf("one order (%s) listed for user %s, which was user %s's before T0", named(id), named(users[0]), named(old[0])), worst: "by 1"})
		}
	}
	return list
}

// clashesOfOwners finds orders of which one user was told, and that the ledger lists for another.
func clashesOfOwners(buyers listings, owners func(id string) []string) (list []clash) {
	for id, lines := range buyers {
		if users, listed := usersOf(lines), owners(id); len(users) == 1 && len(listed) > 0 && !slices.Contains(listed, users[0]) {
			list = append(list, clash{kind: "told to one user and listed for another", size: 1, id: id,
				text: fmt.Sprintf("one order (%s) told to user %s and listed for user %s", named(id), named(users[0]), named(listed[0])), worst: "by 1"})
		}
	}
	return list
}

// broken returns the summary and the evidence of the clashes; empty where there are none.
func (a *Accounts) broken() (summary string, evidence []string) {
	if len(a.clashes) == 0 {
		return "", nil
	}
	slices.SortFunc(a.clashes, func(x, y clash) int {
		return cmp.Or(cmp.Compare(y.size, x.size), cmp.Compare(x.id, y.id), cmp.Compare(x.kind, y.kind))
	})
	kinds := map[string]int{}
	for _, c := range a.clashes {
		kinds[c.kind]++
		evidence = append(evidence, c.text)
	}
	worst := a.clashes[0]
	summary = worst.text
	if n := kinds[worst.kind]; n > 1 {
		summary = fmt.Sprintf("%s %s, the worst (%s) %s", quantity.Of(n, "order number"), worst.kind, named(worst.id), worst.worst)
	}
	delete(kinds, worst.kind)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		summary += fmt.Sprintf("; %s %s", quantity.Count(kinds[kind]), kind)
	}
	return summary, quantity.FirstOf(evidence, mostEvidence, "order")
}

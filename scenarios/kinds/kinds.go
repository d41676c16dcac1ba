// Package kinds says which fields have an effect where: at which kind of service, in which form of a part of a scenario.
//
// The tables here drive the checks of the scenario file, its JSON Schema and a table of the manual.
package kinds

import "slices"

// Use is what a field does for one kind.
type Use int

// The uses of a field.
const (
	None      Use = iota // nothing reads it: an error
	Optional             // it may be left out
	Required             // it must be there
	Simulated            // a simulation reads it, a plan does not
)

// Kinds of services.
const (
	Service  = "service"
	Cache    = "cache"
	Database = "database"
	Queue    = "queue"
	Function = "function"
)

// Services lists the kinds of services.
func Services() []string { return []string{Service, Cache, Database, Queue, Function} }

// Field is what one field does for each kind of a part.
type Field struct {
	Name    string
	By      []Use             // by kind, in the order of the table's Kinds
	Needs   map[string]string // by kind: the field without which this one has no effect there
	Instead string            // what to do where it has no effect; empty for leaving it out
}

// Table is the fields of a part of a scenario by its kinds, or forms.
type Table struct {
	Kinds  []string
	Fields []Field
}

// Use returns what a field does for a kind. A field or a kind that the table does not have is Optional: others see to it.
func (t *Table) Use(field, kind string) Use {
	k := slices.Index(t.Kinds, kind)
	f := slices.IndexFunc(t.Fields, func(f Field) bool { return f.Name == field })
	if k < 0 || f < 0 {
		return Optional
	}
	return t.Fields[f].By[k]
}

// With returns the kinds for which a field has an effect.
func (f *Field) With(kindsOf []string) (list []string) {
	for k, use := range f.By {
		if use != None {
			list = append(list, kindsOf[k])
		}
	}
	return list
}

func everywhere(use Use) []Use { return []Use{use, use, use, use, use} }

func only(kind string) []Use {
	list := everywhere(None)
	list[slices.Index(Services(), kind)] = Optional
	return list
}

// needs says that a field needs another one at the kinds that may leave that out.
func needs(field string, kindsOf ...string) map[string]string {
	m := map[string]string{}
	for _, kind := range kindsOf {
		m[kind] = field
	}
	return m
}

// OfServices returns the fields of services by kind.
func OfServices() *Table {
	const nodes = "give it to the database behind"
	work := needs("demand", Cache, Database, Queue) // what only a service time gives a meaning
	return &Table{Kinds: Services(), Fields: []Field{
		{Name: "name", By: everywhere(Required)},
		{Name: "kind", By: everywhere(Required)},
		{Name: "calls", By: everywhere(Optional)},
		{Name: "demand", By: []Use{Required, Optional, Optional, Optional, Required}},
		{Name: "variability", By: everywhere(Optional), Needs: work},
		{Name: "instance", By: everywhere(Optional)},
		{Name: "instance.memory", By: only(Function)},
		{Name: "utilization", By: everywhere(Optional)},
		{Name: "wait", By: []Use{Optional, Optional, Optional, None, Optional}, Needs: needs("demand", Cache, Database),
			Instead: "calls wait in a queue by design; drain says how long at most"},
		{Name: "latency", By: everywhere(Optional), Needs: work},
		{Name: "start", By: []Use{Optional, Optional, Optional, Optional, Simulated}},
		{Name: "running", By: everywhere(Optional)},
		{Name: "hit", By: []Use{Optional, Required, Optional, Optional, Optional}, Needs: needs("misses", Service, Database, Queue, Function)},
		{Name: "misses", By: everywhere(Optional)},
		{Name: "to", By: only(Queue), Instead: "misses leads on from here"},
		{Name: "capacity", By: []Use{Optional, Required, Required, Optional, None},
			Instead: "max_instances and quota bound a function"},
		{Name: "writes", By: only(Database), Instead: nodes},
		{Name: "hot_row", By: only(Database), Instead: nodes},
		{Name: "shards", By: only(Database)},
		{Name: "key", By: only(Cache)},
		{Name: "key_copies", By: only(Cache)},
		{Name: "connections", By: only(Database), Needs: needs("demand", Database)},
		{Name: "partitions", By: only(Queue)},
		{Name: "drain", By: only(Queue)},
		{Name: "provisioned", By: only(Function), Instead: "running says how many instances run now"},
		{Name: "max_instances", By: only(Function), Instead: "limits.instances bounds the whole sale, estate.scaling one service"},
		{Name: "burst", By: only(Function), Instead: "estate.pools say how fast cores come"},
		{Name: "quota", By: everywhere(Optional)},
		{Name: "quota_burst", By: everywhere(Optional)},
		{Name: "usl", By: only(Service)},
	}}
}

// OfScaling returns the fields of estate.scaling by policy.
func OfScaling() *Table {
	return &Table{Kinds: []string{"none", "scheduled", "hpa"}, Fields: []Field{
		{Name: "service", By: []Use{Required, Required, Required}},
		{Name: "policy", By: []Use{Required, Required, Required}},
		{Name: "lead", By: []Use{None, Required, None}, Instead: "an autoscaler watches the CPU and needs no instant; a second entry with policy scheduled has a lead"},
		{Name: "target", By: []Use{None, None, Required}, Instead: "a second entry with policy hpa has a target"},
		{Name: "min", By: []Use{None, None, Optional}, Instead: "a schedule brings the plan's own instances; a second entry with policy hpa has a min"},
		{Name: "max", By: []Use{None, None, Required}, Instead: "a schedule brings the plan's own instances; a second entry with policy hpa has a max"},
	}}
}

// OfPools returns the fields of the estate's pools by billing.
func OfPools() *Table {
	all := []string{"reserved", "on-demand", "burst"}
	use := func(u Use) []Use { return []Use{u, u, u} }
	return &Table{Kinds: all, Fields: []Field{
		{Name: "name", By: use(Required)},
		{Name: "cores", By: use(Required)},
		{Name: "provision", By: use(Optional)},
		{Name: "price", By: use(Optional)},
		{Name: "billing", By: use(Optional), Needs: needs("price", all...)},
	}}
}

// OfPhases returns the fields of a storm's phases by their two forms.
func OfPhases() *Table {
	return &Table{Kinds: []string{"stream", "crowd"}, Fields: []Field{
		{Name: "journey", By: []Use{Required, Required}},
		{Name: "before", By: []Use{Optional, Optional}},
		{Name: "from", By: []Use{Required, None}},
		{Name: "to", By: []Use{Required, None}},
		{Name: "rate", By: []Use{Required, None}},
		{Name: "at", By: []Use{None, Required}},
		{Name: "users", By: []Use{None, Required}},
		{Name: "reaction", By: []Use{None, Optional}},
		{Name: "spacing", By: []Use{Optional, Optional}},
	}}
}

package host

import "sync"

// Claims are what the storms of one process need of its machine together: each alone may find enough where all of them do
// not. The zero value is ready. It may be used from many goroutines.
type Claims struct {
	mu    sync.Mutex
	first map[string]Need // by name, as the first of them found them
	own   map[string]float64
	count int
}

// Claim fails, as Ready does, where the machine cannot meet the needs of a storm beside those that are claimed already.
// Else they count as claimed until release is called.
func (c *Claims) Claim(needs []Need) (release func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == 0 {
		c.first, c.own = map[string]Need{}, map[string]float64{}
	}
	together := make([]Need, 0, len(needs))
	for _, n := range needs {
		first, ok := c.first[n.Name]
		if !ok || n.Available == 0 {
			first = n
		}
		sum := n
		sum.Needed, sum.Available = first.Needed-first.Own+c.own[n.Name]+n.Own, first.Available
		if c.own[n.Name] > 0 {
			sum.Because += "; other slots of this process take " + n.figure(c.own[n.Name])
		}
		together = append(together, sum)
	}
	if err := Ready(together); err != nil {
		return nil, err
	}
	for _, n := range needs {
		if _, ok := c.first[n.Name]; !ok {
			c.first[n.Name] = n
		}
		c.own[n.Name] += n.Own
	}
	c.count++
	return sync.OnceFunc(func() { c.release(needs) }), nil
}

func (c *Claims) release(needs []Need) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range needs {
		c.own[n.Name] -= n.Own
	}
	c.count--
}

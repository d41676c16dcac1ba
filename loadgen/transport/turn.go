package transport

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// fallbackDelay is how long an address of one family may take before one of the other family is tried beside it, as net.Dialer
// does it: IPv6 may be there and lead nowhere. Source: RFC 6555, "Happy Eyeballs".
const fallbackDelay = 300 * time.Millisecond

// attempt connects to an address; round is any number.
type attempt = func(ctx context.Context, address string, round uint64) (net.Conn, error)

// InTurn connects to the address whose turn it is, or to one after it where that fails; each attempt has its share of the time
// that ctx has left. Where there are addresses of both families, the other family is tried too once the first has taken 300 ms.
// addresses holds at least one host:port; turn is any number, one more for each call, and dial's round counts how often all
// addresses have had theirs. It fails with the first error of dial where every attempt fails.
func InTurn(ctx context.Context, addresses []string, turn uint64, dial attempt) (net.Conn, error) {
	n := uint64(len(addresses))
	var same, other []string
	for i := range n {
		a := addresses[(turn+i)%n]
		if isIPv4(a) == isIPv4(addresses[turn%n]) {
			same = append(same, a)
		} else {
			other = append(other, a)
		}
	}
	if len(other) == 0 {
		return oneByOne(ctx, same, turn/n, dial)
	}
	return sideBySide(ctx, same, other, turn/n, dial)
}

func isIPv4(address string) bool {
	at, err := netip.ParseAddrPort(address)
	return err == nil && at.Addr().Unmap().Is4()
}

// sideBySide connects to one of the first addresses, or to one of the others once those have failed or taken too long.
func sideBySide(ctx context.Context, first, others []string, round uint64, dial attempt) (net.Conn, error) {
	type outcome struct {
		conn    net.Conn
		err     error
		isFirst bool
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // what is still under way
	outcomes := make(chan outcome, 2)
	open := func(addresses []string, isFirst bool) {
		conn, err := oneByOne(ctx, addresses, round, dial)
		outcomes <- outcome{conn, err, isFirst}
	}
	go open(first, true)
	running, begun := 1, false
	fallBack := func() {
		if !begun {
			begun = true
			running++
			go open(others, false)
		}
	}
	timer := time.NewTimer(fallbackDelay)
	defer timer.Stop()
	var failure error
	for running > 0 {
		select {
		case <-timer.C:
			fallBack()
		case o := <-outcomes:
			running--
			if o.err == nil {
				go func() {
					for range running {
						if late := <-outcomes; late.err == nil {
							_ = late.conn.Close() // nothing was sent on it
						}
					}
				}()
				return o.conn, nil
			}
			if o.isFirst || failure == nil {
				failure = o.err
			}
			fallBack()
		}
	}
	return nil, failure
}

// oneByOne connects to the first address that takes it.
func oneByOne(ctx context.Context, addresses []string, round uint64, dial attempt) (net.Conn, error) {
	var first error
	for i, address := range addresses {
		conn, err := dialInTime(ctx, len(addresses)-i, func(ctx context.Context) (net.Conn, error) { return dial(ctx, address, round) })
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

// dialInTime dials within its share of the time.
func dialInTime(ctx context.Context, shares int, dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
	if until, ok := ctx.Deadline(); ok && shares > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(until)/time.Duration(shares))
		defer cancel()
	}
	return dial(ctx)
}

// SourceFor returns the local address for a connection to an address in a round: those of its family in turn, each for every
// address of the target before the next, so that every pair comes up. round is any number. ok is false where none is of its
// family, or the address is a name.
func SourceFor(sources []netip.Addr, address string, round uint64) (from netip.Addr, ok bool) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.Addr{}, false
	}
	family := ofFamily(sources, to.Addr())
	if len(family) == 0 {
		return netip.Addr{}, false
	}
	return family[round%uint64(len(family))], true
}

// ofFamily returns the sources that can send to an address.
func ofFamily(sources []netip.Addr, to netip.Addr) (list []netip.Addr) {
	for _, s := range sources {
		if s.Unmap().Is4() == to.Unmap().Is4() {
			list = append(list, s)
		}
	}
	return list
}

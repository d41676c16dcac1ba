package links

import (
	"context"
	"math"
	"testing"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/transport"
)

// nothing is a connection that counts how often it was closed.
type nothing struct{ closed int }

func (c *nothing) Connect(context.Context) error                             { return nil }
func (c *nothing) Disconnect()                                               { c.closed++ }
func (c *nothing) Do(context.Context, *transport.Request, *transport.Answer) {}
func (c *nothing) Last() transport.Exchange                                  { return transport.Exchange{} }

func TestLinksAreGivenTakenAndUsedAgain(t *testing.T) {
	dialed := 0
	l := Links{Most: 2, Dial: func() transport.Conn { dialed++; return &nothing{} }}
	users := make([]journey.User, 3)
	if !l.Give(&users[0]) || l.Give(&users[0]) || !l.Give(&users[1]) || l.HasRoom() || l.Open() != 2 {
		t.Fatalf("%d are open, wanted one for each of two users, and no room", l.Open())
	}
	first := users[0].Link()
	l.Take(&users[0])
	l.Take(&users[0]) // has none any more
	l.Take(&users[2]) // never had one
	if l.HasRoom() || users[0].Link() != nil {
		t.Error("there is room before the connection was closed")
	}
	closing := l.Closing()
	if closing != first || l.Closing() != nil {
		t.Errorf("found %p to be closed, wanted %p, once", closing, first)
	}
	closing.Disconnect()
	l.Closed(closing)
	if !l.HasRoom() || l.Open() != 1 || !l.Give(&users[2]) || users[2].Link() != first || dialed != 2 {
		t.Errorf("%d connections were made, wanted 2: the third user takes the first one's", dialed)
	}
}

func TestUsersWaitInTheOrderInWhichTheyAreDue(t *testing.T) {
	l := Links{Most: 1}
	if l.First() != math.MaxInt64 || l.Waiting() != 0 {
		t.Error("somebody waits before the first does")
	}
	users := make([]journey.User, 4)
	for i, due := range []time.Duration{3, -5, 1, 2} {
		users[i].Due = due * time.Second
		l.Wait(&users[i], 10*time.Second)
	}
	for _, want := range []time.Duration{-5, 1} {
		if l.First() != want*time.Second || l.Pop().Due != want*time.Second {
			t.Errorf("wanted the user who is due at %d s", want)
		}
	}
	left := 0
	l.Forget(func(*journey.User) { left++ })
	if left != 2 || l.Waiting() != 0 {
		t.Errorf("%d were handed over, wanted 2, and %d wait, wanted none", left, l.Waiting())
	}
}

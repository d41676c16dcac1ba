package clock

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
)

// Answer answers the probes of a run's agents by the clock now, which Steady should have made, until the
// subscription ends. It serves any number of agents. It fails where the connection takes no
// subscription: it is closed.
func Answer(conn *nats.Conn, run bus.Run, now func() time.Time) (*nats.Subscription, error) {
	sub, err := conn.Subscribe(run.ClockSubject(), func(m *nats.Msg) {
		received := now()
		// An agent that gets no answer asks again; a message without a reply subject needs none.
		_ = m.Respond(encode(received, now()))
	})
	if err != nil {
		return nil, fmt.Errorf("answer clock probes: %w", err)
	}
	return sub, nil
}

// Measure estimates the offset to the clock of a run's coordinator, over the bus. The errors are those
// of Estimate; nats.ErrNoResponders is among them where no coordinator answers.
func Measure(ctx context.Context, conn *nats.Conn, run bus.Run, c Config) (Reading, error) {
	return Estimate(ctx, func(ctx context.Context) (received, sent time.Time, err error) {
		m, err := conn.RequestWithContext(ctx, run.ClockSubject(), nil)
		if err != nil {
			return time.Time{}, time.Time{}, err
		}
		return decode(m.Data)
	}, c)
}

// answerBytes is the length of an answer: received and sent, each in nanoseconds since 1970, big-endian.
const answerBytes = 16

func encode(received, sent time.Time) []byte {
	answer := binary.BigEndian.AppendUint64(make([]byte, 0, answerBytes), uint64(received.UnixNano()))
	return binary.BigEndian.AppendUint64(answer, uint64(sent.UnixNano()))
}

func decode(answer []byte) (received, sent time.Time, err error) {
	if len(answer) != answerBytes {
		return time.Time{}, time.Time{}, fmt.Errorf("clock answer: found %d bytes, wanted %d", len(answer), answerBytes)
	}
	received = time.Unix(0, int64(binary.BigEndian.Uint64(answer)))
	sent = time.Unix(0, int64(binary.BigEndian.Uint64(answer[8:])))
	return received, sent, nil
}

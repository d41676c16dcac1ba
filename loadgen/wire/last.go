package wire

import "fsctl/loadgen/transport"

// Last returns head and beginning of the body of the last answer, and the head of its request.
func (c *Conn) Last() transport.Exchange {
	return transport.Exchange{Head: c.reply.head, Body: c.start.body, Sent: c.message.head}
}

// start is the beginning of a body that is not wanted. As long as the buffer that it was read into holds it, it stays there:
// most answers are read at once, and cost nothing.
type start struct {
	body   []byte
	inside bool   // body is a part of the connection's buffer
	memory []byte // for a body that is read in pieces
}

func (s *start) reset() { s.body, s.inside = nil, false }

// share takes the beginning of a body that was wanted. A large body is released before that is read.
func (s *start) share(a *transport.Answer, whole bool) {
	s.body, s.inside = a.Start(whole), false
	if a.IsLarge() {
		s.memory = append(s.memory[:0], s.body...)
		s.body = s.memory
	}
}

// add adds a piece of the body, which is in the connection's buffer.
func (s *start) add(piece []byte) {
	switch {
	case len(s.body) == transport.MostStart || len(piece) == 0:
	case len(s.body) == 0:
		s.body, s.inside = piece[:min(len(piece), transport.MostStart)], true
	default:
		s.save()
		s.body = append(s.body, piece[:min(len(piece), transport.MostStart-len(s.body))]...)
		s.memory = s.body
	}
}

// save takes the body out of the connection's buffer, which is about to change.
func (s *start) save() {
	if s.inside {
		s.memory = append(s.memory[:0], s.body...)
		s.body, s.inside = s.memory, false
	}
}

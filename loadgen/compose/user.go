package compose

import "encoding/binary"

// User is the part of a user that its requests are made of.
type User struct {
	Arrival   uint64  // which one of the storm's, from 0
	Visit     uint32  // of the step, from 1; the tries of a retry share theirs
	Last      Cause   // the last request with its outcome
	variables *[]byte // see entry; nil until the first: most users who wait have few
}

// Renew makes it that of another arrival, from 0, without variables; its memory is used again.
func (u *User) Renew(arrival uint64) {
	u.Arrival, u.Visit, u.Last = arrival, 0, Cause{}
	if u.variables != nil {
		*u.variables = (*u.variables)[:0]
	}
}

// Cause is a request's outcome, such as the one whose answer left a variable unset. The zero value stands for none.
type Cause struct {
	Step    uint16 // its index plus 1: a scenario has at most 1,000
	Outcome uint16 // of the step, its number: all steps have at most 10,000 beside those that each has
}

// entry is one variable among a user's, which stand one after another in a slice of bytes:
//
//	2*register     length  value    for a value
//	2*register+1   step    outcome  for the cause why there is none
//
// All numbers are uvarints. A user with a token of 200 bytes so needs 203 bytes for it, in one piece.
type entry struct {
	begin, end int // in the bytes
	value      []byte
	cause      Cause
}

// entryAt reads the entry that begins at an index, and its register.
func entryAt(b []byte, begin int) (register int, e entry) {
	key, n := binary.Uvarint(b[begin:])
	first, m := binary.Uvarint(b[begin+n:])
	at := begin + n + m
	if key&1 == 0 {
		e = entry{begin: begin, end: at + int(first), value: b[at : at+int(first) : at+int(first)]}
	} else {
		outcome, k := binary.Uvarint(b[at:])
		e = entry{begin: begin, end: at + k, cause: Cause{uint16(first), uint16(outcome)}}
	}
	return int(key >> 1), e
}

// find returns the entry of a register, or one without an end where there is none.
func (u *User) find(register int) entry {
	if u.variables == nil {
		return entry{}
	}
	b := *u.variables
	for at := 0; at < len(b); {
		r, e := entryAt(b, at)
		if r == register {
			return e
		}
		at = e.end
	}
	return entry{}
}

// Value returns the value of an extracted variable by its register, from 0, empty where the user has none. It is the user's own memory: it holds until a
// variable is set.
func (u *User) Value(register int) []byte { return u.find(register).value }

// Cause returns why the variable of a register, from 0, has no value.
func (u *User) Cause(register int) Cause { return u.find(register).cause }

// Set gives the variable of a register, from 0, a value that is not the user's own memory; an empty one leaves it without one.
func (u *User) Set(register int, value []byte) {
	e := u.find(register)
	if len(value) > 0 && len(value) == len(e.value) {
		copy(e.value, value)
		return
	}
	if u.drop(e); len(value) == 0 {
		return
	}
	b := binary.AppendUvarint(u.own(), uint64(register)<<1)
	b = binary.AppendUvarint(b, uint64(len(value)))
	*u.variables = append(b, value...)
}

// Unset notes why the variable of a register, from 0, has no value.
func (u *User) Unset(register int, c Cause) {
	u.drop(u.find(register))
	b := binary.AppendUvarint(u.own(), uint64(register)<<1|1)
	b = binary.AppendUvarint(b, uint64(c.Step))
	*u.variables = binary.AppendUvarint(b, uint64(c.Outcome))
}

// drop takes an entry out.
func (u *User) drop(e entry) {
	if e.end > 0 {
		b := *u.variables
		*u.variables = append(b[:e.begin], b[e.end:]...)
	}
}

// Values returns every value that the user has, for a look at all of them.
func (u *User) Values() (list [][]byte) {
	if u.variables == nil {
		return nil
	}
	b := *u.variables
	for at := 0; at < len(b); {
		_, e := entryAt(b, at)
		if len(e.value) > 0 {
			list = append(list, e.value)
		}
		at = e.end
	}
	return list
}

// own returns the bytes of the user's variables, made where there are none.
func (u *User) own() []byte {
	if u.variables == nil {
		u.variables = new([]byte)
	}
	return *u.variables
}

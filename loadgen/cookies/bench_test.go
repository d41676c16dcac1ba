package cookies

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// session is a cookie of 40 bytes, as servers set them.
var session = []byte("connect.sid=" + strings.Repeat("x", 28) + "; Path=/; HttpOnly; SameSite=Lax")

// five are cookies of a shop that keeps a lot.
var five = [][]byte{session, []byte("lang=en; Path=/; Max-Age=31536000"), []byte("cart=3f2a9c; Path=/shop; Domain=example.org"),
	[]byte("csrftoken=abcdefghijklmnopqrstuvwxyz012345; expires=Fri, 26 Nov 2027 12:00:00 GMT; Max-Age=31449600; Path=/; SameSite=Lax"), []byte("seen=1; Path=/")}

// Nothing is allocated for cookies whose size stays, nor for those of a user who comes after another.
func TestNoAllocations(t *testing.T) {
	host, path := split(home)
	var j Jar
	header := make([]byte, 0, 500)
	for name, run := range map[string]func(){
		"set again":    func() { j.Set(session, &host, path, noon) },
		"five, header": func() { setAll(&j, &host, path); header = j.AppendHeader(header[:0], 0, &host, path, noon) },
		"own":          func() { header = j.AppendHeader(append(header[:0], "lang=de"...), 7, &host, path, noon) },
		"value":        func() { j.Value("lang", noon) },
		"another user": func() { j.Clear(); setAll(&j, &host, path) },
		"deleted, again": func() {
			j.Set([]byte("lang=; Max-Age=0; Path=/"), &host, path, noon)
			j.Set(five[1], &host, path, noon)
		},
		"ignored": func() { j.Set([]byte("a=b; Domain=com"), &host, path, noon) },
	} {
		setAll(&j, &host, path)
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s: %v allocations, wanted 0", name, n)
		}
	}
}

func setAll(j *Jar, host *Host, path []byte) {
	for _, field := range five {
		j.Set(field, host, path, noon)
	}
}

// bytesPerUser returns how many bytes of heap a jar takes beside its own pointer, on average, with so many cookies of 40 bytes.
func bytesPerUser(jars []Jar, cookies int) float64 {
	host := NewHost("https", "www.shop.example")
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	field := []byte("sid=" + strings.Repeat("x", 36) + "; Path=/")
	before := heap()
	for i := range jars {
		for c := range cookies {
			field[0] = byte('a' + c)
			jars[i].Set(field, &host, root, noon)
		}
	}
	used := int64(heap() - before)
	runtime.KeepAlive(jars)
	return float64(used) / float64(len(jars)) // the heap may shrink too
}

// A million users with a session cookie of 40 bytes each: well under 150 bytes a user over those 40, and nothing without cookies.
func TestBytesPerUser(t *testing.T) {
	const users = 1_000_000
	jars := make([]Jar, users)
	if n := bytesPerUser(jars, 0); n > 1 {
		t.Errorf("%.1f bytes a user without cookies", n)
	}
	n := bytesPerUser(jars, 1)
	if n > 40+100 {
		t.Errorf("%.1f bytes a user with a cookie of 40, wanted 140 at most", n)
	}
	if size := jars[users/2].Size(); float64(size) > n+8 || float64(size) < n-8 {
		t.Errorf("Size says %d bytes, the heap %.1f", size, n)
	}
}

// BenchmarkJar sets cookies and makes the header of a request from them, as a user's request and its answer do.
func BenchmarkJar(b *testing.B) {
	host, path := split(home)
	for _, n := range []int{1, 5} {
		b.Run(fmt.Sprintf("set and append %d", n), func(b *testing.B) {
			var j Jar
			header := make([]byte, 0, 500)
			b.ReportAllocs()
			for b.Loop() {
				for _, field := range five[:n] {
					j.Set(field, &host, path, noon)
				}
				header = j.AppendHeader(header[:0], 0, &host, path, noon)
			}
		})
		b.Run(fmt.Sprintf("append %d", n), func(b *testing.B) {
			var j Jar
			header := make([]byte, 0, 500)
			for _, field := range five[:n] {
				j.Set(field, &host, path, noon)
			}
			b.ReportAllocs()
			for b.Loop() {
				header = j.AppendHeader(header[:0], 0, &host, path, noon)
			}
		})
	}
	b.Run("append of none", func(b *testing.B) {
		var j Jar
		b.ReportAllocs()
		for b.Loop() {
			j.AppendHeader(nil, 0, &host, path, noon)
		}
	})
}

// BenchmarkBytesPerUser reports the memory of a million jars.
func BenchmarkBytesPerUser(b *testing.B) {
	for _, n := range []int{1, 5} {
		b.Run(fmt.Sprintf("%d cookies of 40 bytes", n), func(b *testing.B) {
			var bytes float64
			for range b.N {
				bytes = bytesPerUser(make([]Jar, 1_000_000), n)
			}
			b.ReportMetric(bytes, "B/user")
		})
	}
}

package record

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// maxSecond bounds seconds from T0, either way: a year. Beyond it a file is corrupt, or T0 is not the run's.
const maxSecond = 366 * 24 * 3600

// logStart is where the time axis of a latency.hlog begins. Its lines count from there, never below 0: the
// common readers know no minus sign. So it is a whole number of seconds before T0, at or before the run's start.
type logStart struct {
	t0Millis int64 // since the epoch, as precise as the format
	second   int   // of the axis' zero, relative to T0
}

func newLogStart(m Manifest) logStart {
	lead := m.Start.Sub(m.T0)
	return logStart{
		t0Millis: m.T0.UnixMilli(),
		second:   min(0, int(math.Floor(lead.Seconds()))),
	}
}

// header returns the lines before the first histogram. StartTime says what the log's zero is and BaseTime
// is to be added to every line's start; readers guess where it is missing.
func (l logStart) header() []byte {
	millis := l.t0Millis + int64(l.second)*1000
	seconds := fmt.Sprintf("%d.%03d", millis/1000, millis%1000)
	var b bytes.Buffer
	b.WriteString("#[Histogram log format version 1.3]\n")
	fmt.Fprintf(&b, "#[StartTime: %s (seconds since epoch), %s]\n", seconds, time.UnixMilli(millis).UTC().Format(time.RFC3339Nano))
	fmt.Fprintf(&b, "#[BaseTime: %s (seconds since epoch)]\n", seconds)
	b.WriteString("#[Histograms count nanoseconds; Interval_Max is in milliseconds, as HdrHistogram's own logs have it]\n")
	b.WriteString("\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n")
	return b.Bytes()
}

// appendLine appends a histogram's line but for its payload and the line's end.
func (l logStart) appendLine(dst []byte, tag string, second int, maxMillis []byte) []byte {
	dst = append(dst, "Tag="...)
	dst = append(dst, tag...)
	dst = append(dst, ',')
	dst = strconv.AppendInt(dst, int64(second-l.second), 10)
	dst = append(dst, ".000,1.000,"...)
	dst = append(dst, maxMillis...)
	return append(dst, ',')
}

// millis returns nanoseconds as the format's Interval_Max has them: milliseconds, here with six decimals.
func millis(nanos int64) []byte {
	const perMilli = int64(time.Millisecond)
	text := strconv.AppendInt(nil, nanos/perMilli, 10)
	return append(append(text, '.'), strconv.AppendInt(nil, perMilli+nanos%perMilli, 10)[1:]...)
}

// logLine is one histogram of latency.hlog.
type logLine struct {
	tag     Tag
	second  int
	max     []byte // as written
	payload []byte
}

// exact returns the histogram of a line with its exact maximum. Logs of older versions have that to the microsecond, and of
// its bucket: then it stays as it is.
func (l *logLine) exact(p Packed) Packed {
	whole, part, _ := bytes.Cut(l.max, []byte("."))
	if len(part) != 6 || len(whole) > 12 {
		return p
	}
	if nanos, err := strconv.ParseInt(string(whole)+string(part), 10, 64); err == nil {
		p, _ = p.WithMax(nanos)
	}
	return p
}

// logParser reads the lines of a latency.hlog in turn.
type logParser struct {
	t0Millis   int64
	baseMillis int64
	based      bool
	tags       map[string]Tag
}

// MaxTags is the most distinct tags that a run may have, 1 to so many, since each costs a whole histogram in memory.
const MaxTags = 4096

func newLogParser(t0 time.Time) *logParser {
	return &logParser{t0Millis: t0.UnixMilli(), tags: map[string]Tag{}}
}

// parse returns the histogram of a line; found is false for header lines.
func (p *logParser) parse(line []byte) (l logLine, found bool, err error) {
	if bytes.HasPrefix(line, []byte("#")) {
		return logLine{}, false, p.parseHeader(line)
	}
	if bytes.HasPrefix(line, []byte(`"StartTimestamp"`)) {
		return logLine{}, false, nil
	}
	fields := bytes.SplitN(line, []byte(","), 5)
	name, tagged := bytes.CutPrefix(fields[0], []byte("Tag="))
	if !tagged || len(fields) != 5 {
		return logLine{}, false, fmt.Errorf("found %q, wanted Tag=metric.step.outcome,start,length,max,histogram", shorten(line))
	}
	if l.tag, err = p.tag(name); err != nil {
		return logLine{}, false, err
	}
	if l.second, err = p.second(fields[1]); err != nil {
		return logLine{}, false, err
	}
	if length, err := seconds(fields[2]); err != nil || length != 1000 {
		return logLine{}, false, fmt.Errorf("interval length %q, wanted 1.000 s", shorten(fields[2]))
	}
	if _, err := strconv.ParseFloat(string(fields[3]), 64); err != nil {
		return logLine{}, false, fmt.Errorf("interval maximum %q, wanted a number", shorten(fields[3]))
	}
	l.max, l.payload = fields[3], fields[4]
	return l, true, nil
}

func (p *logParser) parseHeader(line []byte) error {
	rest, ok := bytes.CutPrefix(line, []byte("#[BaseTime: "))
	if !ok {
		return nil
	}
	number, _, _ := bytes.Cut(rest, []byte(" "))
	base, err := seconds(number)
	if err != nil {
		return fmt.Errorf("base time: %w", err)
	}
	p.baseMillis, p.based = base, true
	return nil
}

// tag returns the tag of a name, one value per name: a run has tens of them in a hundred thousand lines.
func (p *logParser) tag(name []byte) (Tag, error) {
	if tag, known := p.tags[string(name)]; known {
		return tag, nil
	}
	tag, err := ParseTag(string(name))
	if err != nil {
		return Tag{}, err
	}
	if len(p.tags) == MaxTags {
		return Tag{}, fmt.Errorf("tag %q is the %dth, wanted at most %d", tag, MaxTags+1, MaxTags)
	}
	p.tags[tag.String()] = tag
	return tag, nil
}

// second returns the second from T0 that a line's start names.
func (p *logParser) second(text []byte) (int, error) {
	start, err := seconds(text)
	if err != nil {
		return 0, fmt.Errorf("start: %w", err)
	}
	if !p.based {
		return 0, errors.New("a histogram before the line #[BaseTime: ...], wanted the base time in the header")
	}
	const tolerance = 2 // ms: both times are rounded to one
	sinceT0 := p.baseMillis + start - p.t0Millis
	second := (sinceT0 + tolerance) / 1000
	if sinceT0+tolerance < 0 && (sinceT0+tolerance)%1000 != 0 {
		second--
	}
	if off := sinceT0 - second*1000; off < -tolerance || off > tolerance {
		return 0, fmt.Errorf("start %s is %d ms after a whole second from T0: the log and run.json are not of one run", text, off)
	}
	return int(second), CheckSecond(int(second))
}

// CheckSecond fails for a second more than a year from T0: a record refuses it.
func CheckSecond(second int) error {
	if second < -maxSecond || second > maxSecond {
		return fmt.Errorf("second %d, wanted at most a year from T0", second)
	}
	return nil
}

// seconds returns a number of seconds in milliseconds.
func seconds(text []byte) (millis int64, err error) {
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(math.Abs(value) < 1e12) {
		return 0, fmt.Errorf("found %q, wanted seconds", shorten(text))
	}
	return int64(math.Round(value * 1000)), nil
}

// shorten keeps a corrupt line from filling the terminal.
func shorten(text []byte) []byte {
	const most = 60
	return text[:min(len(text), most)]
}

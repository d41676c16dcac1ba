package record

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"fsctl/loadgen/record/histogram"
	"fsctl/loadgen/record/lines"
	"fsctl/loadgen/record/seal"
)

// place is where a line of latency.hlog stands. Places are all that compaction holds of a whole run: 32
// bytes a line, next to the histograms of one second.
type place struct {
	second int32
	tag    int32 // rank among the tags
	length int32
	offset int64
}

// compactLog rewrites the latency.hlog at path so that each second and tag has exactly one line, in order of
// second, then tag. A request is counted in the second when it was due, but not before it is answered, so
// that a log as it is written has several lines for one second. The new file takes the old one's place at
// once or not at all; announce is told what it holds before. compactLog returns the new file's digest.
func compactLog(path string, start logStart, announce func(seal.File) error) (*seal.Digest, error) {
	old, err := os.Open(path)
	if err != nil {
		return nil, lines.Explain("compact", path, err)
	}
	defer old.Close() // only read
	parser := newLogParser(time.UnixMilli(start.t0Millis))
	places, tags, err := locate(path, old, parser)
	if err != nil {
		return nil, err
	}
	digest := seal.NewDigest()
	return digest, lines.Replace(path, func(w io.Writer) error {
		out := bufio.NewWriterSize(io.MultiWriter(w, digest), 1<<16)
		c := compaction{old: old, out: out, start: start, tags: tags, parser: parser, decoder: histogram.NewDecoder()}
		if err := c.run(places); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
		return announce(digest.File(latencyFile))
	})
}

// locate returns the places of a log's lines, sorted, and the tags that they are ranked by.
func locate(path string, old *os.File, parser *logParser) ([]place, []Tag, error) {
	ids := map[Tag]int32{}
	var tags []Tag
	var places []place
	err := lines.Each(old, path, func(line []byte, offset int64, _ bool) error {
		l, found, err := parser.parse(line)
		if err != nil || !found {
			return err
		}
		id, known := ids[l.tag]
		if !known {
			id = int32(len(tags))
			ids[l.tag], tags = id, append(tags, l.tag)
		}
		places = append(places, place{int32(l.second), id, int32(len(line)), offset})
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	ranked := slices.SortedFunc(slices.Values(tags), Tag.Compare)
	ranks := make([]int32, len(tags))
	for rank, tag := range ranked {
		ranks[ids[tag]] = int32(rank)
	}
	for i := range places {
		places[i].tag = ranks[places[i].tag]
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.second, b.second), cmp.Compare(a.tag, b.tag), cmp.Compare(a.offset, b.offset))
	})
	return places, ranked, nil
}

// compaction writes the new log from the old one.
type compaction struct {
	old     io.ReaderAt
	out     io.Writer
	start   logStart
	tags    []Tag
	parser  *logParser
	decoder *histogram.Decoder
	encoder histogram.Encoder
	line    []byte // of the old log
	made    []byte // of the new one
}

func (c *compaction) run(places []place) error {
	if _, err := c.out.Write(c.start.header()); err != nil {
		return err
	}
	for len(places) > 0 {
		same := 1
		for same < len(places) && places[same].second == places[0].second && places[same].tag == places[0].tag {
			same++
		}
		if err := c.write(places[:same]); err != nil {
			return err
		}
		places = places[same:]
	}
	return nil
}

// write writes the one line that stands for all of them. One that stands for itself keeps its payload.
func (c *compaction) write(parts []place) error {
	if len(parts) == 1 {
		line, err := c.read(parts[0])
		if err != nil {
			return err
		}
		c.made = c.start.appendLine(c.made[:0], line.tag.String(), line.second, line.max)
		_, err = c.out.Write(append(append(c.made, line.payload...), '\n'))
		return err
	}
	var sum Packed
	for _, part := range parts {
		line, err := c.read(part)
		if err != nil {
			return err
		}
		part, err := c.decoder.Decode(line.payload)
		if err != nil {
			return fmt.Errorf("second %d, tag %s: %w", line.second, line.tag, err)
		}
		sum = sum.Plus(line.exact(part))
	}
	c.made = c.start.appendLine(c.made[:0], c.tags[parts[0].tag].String(), int(parts[0].second), millis(sum.Max()))
	var err error
	if c.made, err = c.encoder.Append(c.made, sum); err != nil {
		return err
	}
	_, err = c.out.Write(append(c.made, '\n'))
	return err
}

// read returns the line at a place; it is good until the next call.
func (c *compaction) read(at place) (logLine, error) {
	c.line = slices.Grow(c.line[:0], int(at.length))[:at.length]
	if _, err := c.old.ReadAt(c.line, at.offset); err != nil {
		return logLine{}, fmt.Errorf("read again at byte %d: %w", at.offset, err)
	}
	line, found, err := c.parser.parse(c.line)
	if err == nil && !found {
		err = errors.New("the line changed while it was compacted")
	}
	return line, err
}

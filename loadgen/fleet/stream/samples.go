package stream

import (
	"encoding/json"

	"fsctl/loadgen/record"
)

// mostSampleBytes bounds a sample in a message: header fields, both bodies and what else there is, all of them written out.
const mostSampleBytes = 128 << 10

// fitting returns the samples that a message of so many bytes has room for. Measurements come first.
func fitting(samples []record.Sample, limitBytes int) (fit []record.Sample) {
	for _, s := range samples {
		s = s.Clean()
		if size := len(appendSample(nil, &s)); len(fit) < record.MostSamples && size <= min(limitBytes/2, mostSampleBytes) && s.Check() == nil {
			fit = append(fit, s)
		}
	}
	return fit
}

// appendSample appends a sample in its form in samples.jsonl: there are few, and most of one is text.
func appendSample(dst []byte, s *record.Sample) []byte {
	text, _ := json.Marshal(s) // a sample always has a JSON form
	return appendString(dst, string(text))
}

// samples reads samples as a record takes them, whatever an agent sends: bounded in number and size, and clean. None is nil.
func (r *reader) samples() (list []record.Sample) {
	count := r.count(2)
	if count > record.MostSamples {
		r.fail("found %d samples, wanted at most %d", count, record.MostSamples)
	}
	for range count {
		text := r.bytes()
		if len(text) > mostSampleBytes {
			r.fail("found a sample of %d bytes, wanted at most %d", len(text), mostSampleBytes)
		}
		if r.err != nil {
			return nil
		}
		var s record.Sample
		if err := json.Unmarshal(text, &s); err != nil {
			r.fail("sample: %w", err)
			return nil
		}
		if s = s.Clean(); s.Check() != nil {
			r.fail("sample: %w", s.Check())
			return nil
		}
		list = append(list, s)
	}
	return list
}

// Prints "tag count p50 p90 p99 p99.9 max" of each tag of a latency.hlog, in nanoseconds, as hdr-histogram-js reads it.
const hdr = require("hdr-histogram-js");
const fs = require("fs");
const log = new hdr.HistogramLogReader(fs.readFileSync(process.argv[2], "utf8"));
const tags = new Map();
for (let h; (h = log.nextIntervalHistogram()); ) {
  if (!tags.has(h.tag)) {
    tags.set(h.tag, hdr.build({ lowestDiscernibleValue: 1000, highestTrackableValue: 3.6e12, numberOfSignificantValueDigits: 3 }));
  }
  tags.get(h.tag).add(h);
}
for (const [tag, h] of tags) {
  // Its maxValue grows by 511 ns with each histogram that is added; the 100th percentile does not.
  const at = [50, 90, 99, 99.9].map((p) => h.getValueAtPercentile(p));
  console.log([tag, h.totalCount, ...at, h.getValueAtPercentile(100)].join(" "));
}

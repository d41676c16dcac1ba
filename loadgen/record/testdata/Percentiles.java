import java.io.File;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;

/** Prints "tag count p50 p90 p99 p99.9 max" of each tag of a latency.hlog, in nanoseconds, as HdrHistogram for Java reads it. */
public class Percentiles {
    public static void main(String[] files) throws Exception {
        Map<String, Histogram> tags = new TreeMap<>();
        HistogramLogReader log = new HistogramLogReader(new File(files[0]));
        for (EncodableHistogram h; (h = log.nextIntervalHistogram()) != null; ) {
            tags.computeIfAbsent(h.getTag(), tag -> new Histogram(1000L, 3_600_000_000_000L, 3)).add((Histogram) h);
        }
        tags.forEach((tag, h) -> System.out.println(tag + " " + h.getTotalCount() + " " + h.getValueAtPercentile(50) + " " + h.getValueAtPercentile(90)
            + " " + h.getValueAtPercentile(99) + " " + h.getValueAtPercentile(99.9) + " " + h.getMaxValue()));
    }
}

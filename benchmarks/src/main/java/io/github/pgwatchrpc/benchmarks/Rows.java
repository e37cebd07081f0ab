package io.github.pgwatchrpc.benchmarks;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Rows like those of a table statistic: 18 columns, of which a time, 3 tags, 8 integers, 4 doubles, a truth value and a
 * text; each row in an order of its own, as Go's maps come. Always the same ones.
 */
final class Rows {

    private Rows() {}

    static MeasurementEnvelope envelope(int rows) {
        Random random = new Random(1);
        EnvelopeBuilder builder = new EnvelopeBuilder()
                .database("db1")
                .metric("table_stats")
                .customTag("env", "production")
                .customTag("region", "eu-central-1");
        for (int i = 0; i < rows; i++) {
            builder.row(shuffled(row(random), random));
        }
        return builder.build();
    }

    /** Others of each seed, of this minute, and each of a table of its own. */
    static MeasurementEnvelope envelope(int rows, int seed) {
        Random random = new Random(seed);
        long now = System.currentTimeMillis() * 1_000_000;
        EnvelopeBuilder builder = new EnvelopeBuilder()
                .database("db1")
                .metric("table_stats")
                .customTag("env", "production")
                .customTag("region", "eu-central-1");
        for (int i = 0; i < rows; i++) {
            Map<String, Object> row = row(random);
            row.put("epoch_ns", now);
            row.put("tag_table_name", String.format("customer_orders_%09d", seed + i));
            builder.row(shuffled(row, random));
        }
        return builder.build();
    }

    private static Map<String, Object> row(Random random) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("epoch_ns", 1_795_367_430_436_993_182L);
        row.put("tag_schema", "schema_" + random.nextInt(20));
        row.put("tag_table_name", String.format("customer_orders_%04d", random.nextInt(5000)));
        row.put("tag_datname", "db1");
        row.put("seq_scan", (long) random.nextInt(100_000));
        row.put("seq_tup_read", random.nextLong() >>> 24);
        row.put("idx_scan", (long) random.nextInt(10_000_000));
        row.put("idx_tup_fetch", random.nextLong() >>> 28);
        row.put("n_tup_ins", (long) random.nextInt(1_000_000));
        row.put("n_tup_upd", (long) random.nextInt(1_000_000));
        row.put("n_live_tup", (long) random.nextInt(100_000_000));
        row.put("table_size_b", random.nextLong() >>> 22);
        row.put("total_time_ms", random.nextDouble() * 1e6);
        row.put("hit_ratio", random.nextDouble());
        row.put("mean_time_ms", random.nextDouble() * 100);
        row.put("bloat_pct", random.nextDouble() * 50);
        row.put("is_partition", random.nextBoolean());
        row.put("last_vacuum", "2025-06-01 12:34:56.789012+00");
        return row;
    }

    private static Map<String, Object> shuffled(Map<String, Object> row, Random random) {
        List<String> names = new ArrayList<>(row.keySet());
        Collections.shuffle(names, random);
        Map<String, Object> shuffled = new LinkedHashMap<>();
        for (String name : names) {
            shuffled.put(name, row.get(name));
        }
        return shuffled;
    }
}

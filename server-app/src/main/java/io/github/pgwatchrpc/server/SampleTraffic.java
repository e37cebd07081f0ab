package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes envelopes like those of pgwatch's stock metrics: the same names, columns and types, counters that grow. One source
 * of it is one monitored database. Not thread-safe.
 */
final class SampleTraffic {

    /** What a metric looks like: its tags, and its columns with a kind each. */
    private record Metric(String name, int rows, String tag, String tagPrefix, List<Column> columns) {}

    private record Column(String name, Kind kind) {}

    private enum Kind {
        COUNTER,
        GAUGE,
        MILLIS,
        RATIO,
        FLAG,
        TEXT
    }

    private static final List<Metric> METRICS = List.of(
            metric(
                    "db_stats",
                    1,
                    "",
                    "",
                    "c:numbackends c:xact_commit c:xact_rollback c:blks_read c:blks_hit "
                            + "c:tup_returned c:tup_fetched c:tup_inserted c:tup_updated c:tup_deleted c:conflicts c:temp_files "
                            + "c:temp_bytes c:deadlocks m:blk_read_time m:blk_write_time g:postmaster_uptime_s f:in_recovery_int"),
            metric(
                    "table_stats",
                    12,
                    "tag_table_name",
                    "orders_",
                    "c:seq_scan c:seq_tup_read c:idx_scan c:idx_tup_fetch "
                            + "c:n_tup_ins c:n_tup_upd c:n_tup_del g:n_live_tup g:n_dead_tup g:table_size_b g:total_relation_size_b "
                            + "g:seconds_since_last_vacuum c:vacuum_count f:is_part_root"),
            metric(
                    "index_stats",
                    15,
                    "tag_index_name",
                    "idx_",
                    "c:idx_scan c:idx_tup_read c:idx_tup_fetch g:index_size_b " + "t:index_def f:is_uk_int"),
            metric(
                    "stat_statements",
                    20,
                    "tag_queryid",
                    "",
                    "c:calls m:total_time c:rows c:shared_blks_hit "
                            + "c:shared_blks_read c:temp_blks_written m:blk_read_time c:wal_bytes t:tag_query"),
            metric("wal", 1, "", "", "c:xlog_location_b f:in_recovery_int g:postmaster_uptime_s c:timeline"),
            metric(
                    "bgwriter",
                    1,
                    "",
                    "",
                    "c:checkpoints_timed c:checkpoints_req m:checkpoint_write_time "
                            + "m:checkpoint_sync_time c:buffers_checkpoint c:buffers_clean c:buffers_alloc"),
            metric("locks_mode", 8, "tag_lockmode", "Lock", "g:count"),
            metric("cpu_load", 1, "", "", "r:load_1min r:load_5min r:load_15min"),
            metric("db_size", 1, "", "", "g:size_b g:catalog_size_b"),
            metric(
                    "backends",
                    1,
                    "",
                    "",
                    "g:total g:active g:idle g:idleintransaction g:waiting g:longest_session_seconds "
                            + "g:max_xmin_age_s"));

    private final String database;
    private final SplittableRandom random;
    private final EnvelopeBuilder builder = new EnvelopeBuilder();
    private int next;
    private long rounds = 1;

    SampleTraffic(int number) {
        this.database = "demo_" + number;
        this.random = new SplittableRandom(number);
    }

    private static Metric metric(String name, int rows, String tag, String tagPrefix, String columns) {
        List<Column> parsed = List.of(columns.split(" ")).stream()
                .map(each -> new Column(
                        each.substring(2),
                        switch (each.charAt(0)) {
                            case 'c' -> Kind.COUNTER;
                            case 'g' -> Kind.GAUGE;
                            case 'm' -> Kind.MILLIS;
                            case 'r' -> Kind.RATIO;
                            case 'f' -> Kind.FLAG;
                            default -> Kind.TEXT;
                        }))
                .toList();
        return new Metric(name, rows, tag, tagPrefix, parsed);
    }

    String database() {
        return database;
    }

    static List<String> metrics() {
        return METRICS.stream().map(Metric::name).toList();
    }

    /** The next metric in turn, with as many rows as it usually has. */
    MeasurementEnvelope next(long epochNanos) {
        return envelope(METRICS.get(advance()), -1, epochNanos);
    }

    /** The same, with a given number of rows. */
    MeasurementEnvelope next(long epochNanos, int rows) {
        return envelope(METRICS.get(advance()), rows, epochNanos);
    }

    private int advance() {
        int metric = next;
        next = (next + 1) % METRICS.size();
        rounds += next == 0 ? 1 : 0;
        return metric;
    }

    private MeasurementEnvelope envelope(Metric metric, int rows, long epochNanos) {
        builder.database(database).metric(metric.name()).receivedAt(epochNanos);
        builder.customTag("env", "demo");
        for (int row = 0; row < (rows < 0 ? metric.rows() : rows); row++) {
            builder.beginRow();
            builder.putLong(builder.column("epoch_ns"), epochNanos);
            if (!metric.tag().isEmpty()) {
                builder.putText(builder.column(metric.tag()), metric.tagPrefix() + (1000 + row));
            }
            for (Column column : metric.columns()) {
                put(column, row);
            }
            builder.endRow();
        }
        return builder.build();
    }

    private void put(Column column, int row) {
        int number = builder.column(column.name());
        switch (column.kind()) {
            case COUNTER -> builder.putLong(number, rounds * (row + 1) * 1000 + random.nextInt(1000));
            case GAUGE -> builder.putLong(number, random.nextLong(1L << 32));
            case MILLIS -> builder.putDouble(number, Math.round(rounds * random.nextDouble() * 1e6) / 1000.0);
            case RATIO -> builder.putDouble(number, Math.round(random.nextDouble() * 400) / 100.0);
            case FLAG -> builder.putBoolean(number, random.nextBoolean());
            case TEXT -> builder.putText(number, column.name() + " of row " + row + ": SELECT … WHERE id = $1");
        }
    }
}

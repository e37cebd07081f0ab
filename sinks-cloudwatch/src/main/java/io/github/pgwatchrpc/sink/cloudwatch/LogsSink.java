package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import java.time.Clock;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.cloudwatchlogs.model.InputLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.LogStream;
import software.amazon.awssdk.services.cloudwatchlogs.model.PutLogEventsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.RejectedLogEventsInfo;
import software.amazon.awssdk.services.cloudwatchlogs.model.ResourceAlreadyExistsException;

/** Writes rows as events of one log stream. Thread-safe. */
final class LogsSink implements Sink {

    private final Aws<CloudWatchLogsClient> aws;
    private final String region;
    private final LogsTarget target;
    private final Clock clock;
    private final MetricRows metrics;

    LogsSink(AwsAccess access, LogsTarget target, MetricRules rules, Clock clock) {
        this.aws = new Aws<>(access, clock, common -> common.build(CloudWatchLogsClient.builder()));
        this.region = access.region();
        this.target = target;
        this.clock = clock;
        metrics = new MetricRows(rules);
    }

    @Override
    public Readiness open() throws InterruptedException {
        aws.renew();
        try {
            // names that begin with the stream's own come in their order, so it is the first if it is there
            boolean found = aws.call(
                    "DescribeLogStreams " + target.group(),
                    client -> client
                            .describeLogStreams(request -> request.logGroupName(target.group())
                                    .logStreamNamePrefix(target.stream())
                                    .limit(1))
                            .logStreams()
                            .stream()
                            .map(LogStream::logStreamName)
                            .anyMatch(target.stream()::equals));
            return found
                    ? Readiness.ready()
                    : new Outcome.Paused(
                            "log stream " + target.stream() + " of " + target.group() + ": missing",
                            "run 'pgwatch-rpc provision', or make it");
        } catch (CallFailed e) {
            return readiness(e);
        }
    }

    private static Readiness readiness(CallFailed e) {
        if (e.outcome() instanceof Outcome.Retry retry) {
            return retry;
        } else if (e.outcome() instanceof Outcome.Paused paused) {
            return paused;
        }
        return new Outcome.Paused(String.valueOf(e.getMessage()), "check group and stream");
    }

    // ---- rows ----

    @Override
    public Outcome write(Batch batch) throws InterruptedException {
        Result result = new Result(batch.size());
        TimeWindow window = new TimeWindow(clock);
        LogEvents writer = new LogEvents(target.namespace(), metrics);
        List<LogEvent> events = new ArrayList<>(batch.size());
        for (int row = 0; row < batch.size(); row++) {
            try {
                writer.of(row, batch.id(row), batch.row(row), window, events::add);
            } catch (UnfitRow e) {
                result.refuse(row, e.why());
            }
        }
        for (List<LogEvent> call : LogCalls.of(events)) {
            send(call, result);
        }
        return result.outcome();
    }

    private void send(List<LogEvent> events, Result result) throws InterruptedException {
        if (result.isStopped()) {
            result.again(rows(events));
            return;
        }
        try {
            PutLogEventsResponse answer = put(events);
            rejected(events, answer.rejectedLogEventsInfo(), result);
        } catch (CallFailed e) {
            if (!(e.outcome() instanceof Outcome.Refused refused)) {
                result.stop(e.outcome());
                result.again(rows(events));
            } else if (events.size() == 1) {
                result.refuse(events.get(0).row(), refused.why());
            } else {
                int half = events.size() / 2;
                send(events.subList(0, half), result);
                send(events.subList(half, events.size()), result);
            }
        }
    }

    private PutLogEventsResponse put(List<LogEvent> events) throws CallFailed, InterruptedException {
        return aws.call("PutLogEvents " + target.group(), client -> {
            List<InputLogEvent> all = new ArrayList<>(events.size());
            for (LogEvent each : events) {
                all.add(InputLogEvent.builder()
                        .timestamp(each.millis())
                        .message(each.message())
                        .build());
            }
            return client.putLogEvents(request -> request.logGroupName(target.group())
                    .logStreamName(target.stream())
                    .logEvents(all));
        });
    }

    /** The service takes what it can, and names the begin and the end of the rest: events are in the order of time. */
    private static void rejected(List<LogEvent> events, @Nullable RejectedLogEventsInfo info, Result result) {
        if (info == null) {
            return;
        }
        refuse(events, 0, info.expiredLogEventEndIndex(), "older than the log group keeps", result);
        refuse(events, 0, info.tooOldLogEventEndIndex(), "too old", result);
        if (info.tooNewLogEventStartIndex() != null) {
            refuse(events, info.tooNewLogEventStartIndex(), events.size(), "too new", result);
        }
    }

    private static void refuse(List<LogEvent> events, int from, @Nullable Integer to, String why, Result result) {
        int end = to == null ? 0 : Math.min(to, events.size());
        for (int i = Math.max(0, from); i < end; i++) {
            result.refuse(events.get(i).row(), "time of the log event: " + why + ", says CloudWatch Logs");
        }
    }

    private static BitSet rows(List<LogEvent> events) {
        BitSet rows = new BitSet();
        events.forEach(each -> rows.set(each.row()));
        return rows;
    }

    // ---- what the target needs ----

    @Override
    public Readiness provision() throws InterruptedException {
        try {
            boolean fresh = make(
                    "CreateLogGroup " + target.group(),
                    client -> client.createLogGroup(request -> request.logGroupName(target.group())));
            Integer days = target.retentionDays();
            if (fresh && days != null) {
                aws.call(
                        "PutRetentionPolicy " + target.group(),
                        client -> client.putRetentionPolicy(
                                request -> request.logGroupName(target.group()).retentionInDays(days)));
            }
            make(
                    "CreateLogStream " + target.stream(),
                    client -> client.createLogStream(
                            request -> request.logGroupName(target.group()).logStreamName(target.stream())));
            return Readiness.ready();
        } catch (CallFailed e) {
            return readiness(e);
        }
    }

    @FunctionalInterface
    private interface Make {
        Object by(CloudWatchLogsClient client);
    }

    /** Whether it was not there before. */
    private boolean make(String what, Make make) throws CallFailed, InterruptedException {
        return aws.call(what, client -> {
            try {
                make.by(client);
                return true;
            } catch (ResourceAlreadyExistsException e) {
                return false;
            }
        });
    }

    @Override
    public List<String> plan() {
        String common = " --region " + region + " --log-group-name " + quoted(target.group());
        List<String> plan = new ArrayList<>();
        plan.add("aws logs create-log-group" + common);
        if (target.retentionDays() != null) {
            plan.add("aws logs put-retention-policy" + common + " --retention-in-days " + target.retentionDays());
        }
        plan.add("aws logs create-log-stream" + common + " --log-stream-name " + quoted(target.stream()));
        return plan;
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    @Override
    public void close() {
        aws.close();
    }

    /** Names no credentials. */
    @Override
    public String toString() {
        return "LogsSink[" + target.group() + ' ' + target.stream() + " in " + aws + "]";
    }
}

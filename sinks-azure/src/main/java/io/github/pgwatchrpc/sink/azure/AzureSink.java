package io.github.pgwatchrpc.sink.azure;

import com.azure.core.http.HttpClient;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows as records of a stream. The service knows no ids, so a row that comes again is there twice, with the same id in
 * a column. Thread-safe.
 */
final class AzureSink implements Sink {

    private static final byte[] NO_ROWS = {};

    private final AzureSettings settings;

    /** Writers of chunks, one for each write at a time. */
    private final Queue<ChunkWriter> free = new ConcurrentLinkedQueue<>();

    /** Kept for as long as the sink lives, since it has threads and connections. */
    private @Nullable HttpClient http;

    private volatile @Nullable Ingestion ingestion;

    AzureSink(AzureSettings settings) {
        this.settings = settings;
    }

    /**
     * Gets a token and sends a request without rows: the service looks at role, rule and stream all the same. Credentials
     * are made anew each time, so files are read again and no old token is used.
     */
    @Override
    public Readiness open() throws InterruptedException {
        ingestion = null;
        Ingestion fresh;
        try {
            fresh = connect();
        } catch (IOException | IllegalArgumentException e) {
            return noCredentials(e);
        }
        Outcome outcome = fresh.upload(new ChunkWriter.Body().of(NO_ROWS, 0, 0));
        // that it wants rows is no harm: it has seen who asks, and for what
        return outcome instanceof Readiness readiness ? readiness : Readiness.ready();
    }

    private synchronized Ingestion connect() throws IOException {
        Ingestion now = ingestion;
        if (now == null) {
            HttpClient client = http;
            if (client == null) {
                client = Ingestion.http(settings);
                http = client;
            }
            now = new Ingestion(settings, client);
            ingestion = now;
        }
        return now;
    }

    private static Outcome.Paused noCredentials(Exception e) {
        String what = e instanceof IOException ? e.toString() : String.valueOf(e.getMessage());
        return new Outcome.Paused(
                "credentials: " + Answers.line(what), "check the files and options of the credentials");
    }

    @Override
    public Outcome write(Batch batch) throws InterruptedException {
        Ingestion now;
        try {
            now = connect();
        } catch (IOException | IllegalArgumentException e) {
            return noCredentials(e);
        }
        ChunkWriter writer = free.poll();
        if (writer == null) {
            writer = new ChunkWriter(settings.columns(), settings.chunkBytes());
        }
        Outcome outcome = writer.write(batch, now::upload);
        free.add(writer);
        return outcome;
    }

    // ---- what the target needs ----

    /** Looks whether it is all there: making it takes rights that whoever writes rows should not have. */
    @Override
    public Readiness provision() throws InterruptedException {
        Readiness readiness = open();
        return readiness instanceof Outcome.Paused paused
                ? new Outcome.Paused(
                        paused.why(),
                        paused.mend() + ". Table, rule and role: deploy what 'pgwatch-rpc provision --dry-run' prints")
                : readiness;
    }

    @Override
    public List<String> plan() {
        return List.of(Definitions.template(settings));
    }

    @Override
    public void close() {
        free.clear();
        ingestion = null;
    }

    /** Names no credentials. */
    @Override
    public String toString() {
        return "AzureSink[" + settings.endpoint() + "/" + settings.rule() + "/" + settings.stream() + "]";
    }
}

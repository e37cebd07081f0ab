package io.github.pgwatchrpc.sink.azure;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import io.github.pgwatchrpc.sink.testkit.Fault;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.SinkCompatibilityTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The kit, with Azure's own clients all the way: tokens from an Entra of ours, rows to an endpoint of ours. */
class AzureSinkCompatibilityTest extends SinkCompatibilityTest {

    @TempDir
    Path directory;

    private AzureStub stub;

    @BeforeEach
    void start() throws IOException {
        stub = new AzureStub(directory);
    }

    @AfterEach
    void stop() {
        stub.close();
    }

    @Override
    protected SinkProvider provider() {
        return new AzureSinkProvider();
    }

    @Override
    protected String uri() {
        return stub.uri();
    }

    @Override
    protected List<Arrived> arrived() {
        return stub.rows().stream().map(Records::row).toList();
    }

    @Override
    protected Arrived asStored(Measurement row) {
        return Records.stored(row);
    }

    /** Not PARTLY_BUSY: the service takes a request whole or not at all. */
    @Override
    protected Set<Fault> faults() {
        return EnumSet.complementOf(EnumSet.of(Fault.PARTLY_BUSY));
    }

    @Override
    protected void inflict(Fault now) {
        switch (now) {
            case AWAY -> stub.server().down();
            case DENIED -> {
                stub.forgetTokens();
                stub.tokenFault = request -> FaultAnswer.status(401)
                        .with("Content-Type", "application/json")
                        .body("{\"error\":\"invalid_client\",\"error_description\":"
                                + "\"AADSTS7000222: The provided client secret keys are expired: "
                                + request.text() + "\",\"error_codes\":[7000222]}");
            }
            default -> stub.fault = request -> answer(now, request);
        }
    }

    private FaultAnswer answer(Fault now, FaultRequest request) {
        return switch (now) {
            case UNUSABLE ->
                AzureStub.error(
                        404, "NotFound", "Data collection rule with immutable Id '" + AzureStub.RULE + "' not found.");
            case BUSY -> FaultAnswer.busy(BUSY_FOR);
            case HANGING -> FaultAnswer.hang();
            case BAD_ROW ->
                request.text().contains(BAD_COLUMN)
                        ? AzureStub.error(400, "InvalidRecord", "one of the records is bad")
                        : null;
            case TOO_LARGE ->
                count(request) > FEW
                        ? AzureStub.error(413, "ContentLengthLimitExceeded", "Maximum allowed content length: 1048576")
                        : null;
            case ANSWER_LOST -> {
                stub.take(request);
                yield FaultAnswer.reset();
            }
            default -> throw new AssertionError(now);
        };
    }

    private static int count(FaultRequest request) {
        try {
            JsonNode body = AzureStub.JSON.readTree(request.text());
            return body.size();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    protected void mend(Fault now) throws IOException {
        stub.fault = request -> null;
        stub.tokenFault = request -> null;
        stub.server().up();
    }
}

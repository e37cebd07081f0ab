package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** AWS's Security Token Service, which hands out the credentials of a role: a new key at each call. */
final class StsStub implements AutoCloseable {

    final FaultServer server;

    /** Parameters of the calls. */
    final List<Map<String, String>> calls = new ArrayList<>();

    /** How long what it hands out is good for. */
    volatile Duration goodFor = Duration.ofHours(1);

    /** What it says instead; null for nothing. */
    volatile @Nullable FaultAnswer instead;

    StsStub() throws IOException {
        server = FaultServer.start().otherwise(this::answer);
    }

    /** The key of the n-th call that it answered, from 1 on. */
    static String key(int n) {
        return "ASIAEXAMPLE" + n;
    }

    private FaultAnswer answer(FaultRequest request) {
        FaultAnswer other = instead;
        if (other != null) {
            return other;
        }
        Map<String, String> call = new TreeMap<>();
        for (String each : request.text().split("&", -1)) {
            String[] pair = each.split("=", 2);
            call.put(pair[0], URLDecoder.decode(pair[1], StandardCharsets.UTF_8));
        }
        calls.add(call);
        String action = call.get("Action");
        return FaultAnswer.ok()
                .with("Content-Type", "text/xml")
                .body(String.format(
                        "<%1$sResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><%1$sResult><Credentials>"
                                + "<AccessKeyId>%2$s</AccessKeyId><SecretAccessKey>%3$s</SecretAccessKey>"
                                + "<SessionToken>token %2$s</SessionToken><Expiration>%4$s</Expiration>"
                                + "</Credentials></%1$sResult></%1$sResponse>",
                        action,
                        key(calls.size()),
                        Credentials.SECRET,
                        Instant.now().plus(goodFor)));
    }

    static FaultAnswer error(int status, String code, String message) {
        return FaultAnswer.status(status)
                .with("Content-Type", "text/xml")
                .body(
                        "<ErrorResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><Error><Type>Sender</Type><Code>"
                                + code + "</Code><Message>" + message + "</Message></Error></ErrorResponse>");
    }

    @Override
    public void close() {
        server.close();
    }
}

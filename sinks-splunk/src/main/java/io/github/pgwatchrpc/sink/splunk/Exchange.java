package io.github.pgwatchrpc.sink.splunk;

import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.http.HttpCall;
import io.github.pgwatchrpc.sink.http.HttpReply;
import io.github.pgwatchrpc.sink.http.HttpTransport;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * A request to HEC and what came of it.
 *
 * @param outcome written, or what the failure means
 * @param meaning what HEC said of the events
 * @param reply what HEC said last
 * @param endpoint who said it; null if nobody did, so that it is not known whether the events are taken
 */
record Exchange(
        Outcome outcome,
        HecReply.Meaning meaning,
        HecReply reply,
        @Nullable URI endpoint) {

    private static final HecReply SILENCE = new HecReply(HecReply.NONE, HecReply.NONE, HecReply.NONE);

    static Exchange of(HttpTransport http, HttpCall call) throws InterruptedException {
        Said said = new Said();
        Outcome outcome = http.write(call, said::taken, said::failed);
        return new Exchange(outcome, said.meaning, said.reply, said.endpoint);
    }

    /** The last answer of those that several endpoints may give. */
    private static final class Said {
        private HecReply reply = SILENCE;
        private HecReply.Meaning meaning = HecReply.Meaning.FAILED;
        private @Nullable URI endpoint;

        Outcome taken(HttpReply answer) {
            note(answer);
            if (meaning == HecReply.Meaning.TAKEN) {
                return Outcome.written();
            } else if (reply.code() == HecReply.NONE) {
                return new Outcome.Paused(
                        answer + ": not an answer of HEC", "check the address: another service answers there");
            }
            return reply.outcome(Outcome.retry(answer + ": code " + reply.code()));
        }

        Outcome failed(HttpReply answer, Outcome byStatus) {
            note(answer);
            return reply.outcome(byStatus);
        }

        private void note(HttpReply answer) {
            reply = HecReply.of(answer);
            meaning = reply.meaning(answer.status());
            endpoint = answer.endpoint();
        }
    }
}

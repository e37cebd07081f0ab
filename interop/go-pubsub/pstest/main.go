// Command pstest is Google's in-memory Pub/Sub with one topic and an unordered subscription. It prints its address, takes
// messages until its standard input ends, then receives all of them with Google's own client and prints each as a line of
// JSON.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const subscription = "everything"

// A message as it is printed.
type message struct {
	ID          string            `json:"message_id"`
	Attributes  map[string]string `json:"attributes"`
	OrderingKey string            `json:"ordering_key"`
	Data        string            `json:"data"`
}

func main() {
	project := flag.String("project", "interop", "the project")
	topic := flag.String("topic", "pgwatch", "the topic")
	patience := flag.Duration("patience", time.Minute, "how long receiving may take")
	flag.Parse()
	if err := run(*project, *topic, *patience); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(project, topic string, patience time.Duration) error {
	server := pstest.NewServer()
	defer server.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client, err := pubsub.NewClient(ctx, project,
		option.WithEndpoint(server.Addr),
		option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		return err
	}
	defer client.Close()
	topicName := "projects/" + project + "/topics/" + topic
	if _, err := client.TopicAdminClient.CreateTopic(ctx, &pubsubpb.Topic{Name: topicName}); err != nil {
		return err
	}
	subscriptionName := "projects/" + project + "/subscriptions/" + subscription
	wanted := &pubsubpb.Subscription{Name: subscriptionName, Topic: topicName, AckDeadlineSeconds: 60}
	if _, err := client.SubscriptionAdminClient.CreateSubscription(ctx, wanted); err != nil {
		return err
	}
	fmt.Println("listening", server.Addr)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return receive(ctx, client, len(server.Messages()), patience)
}

// receive prints as many messages as were published.
func receive(ctx context.Context, client *pubsub.Client, count int, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out := bufio.NewWriter(os.Stdout)
	var lock sync.Mutex
	seen := make(map[string]bool)
	var failed error
	if count > 0 {
		err := client.Subscriber(subscription).Receive(ctx, func(_ context.Context, m *pubsub.Message) {
			lock.Lock()
			defer lock.Unlock()
			m.Ack()
			if seen[m.ID] || failed != nil {
				return // delivered again; published once
			}
			seen[m.ID] = true
			line, err := json.Marshal(message{m.ID, m.Attributes, m.OrderingKey, string(m.Data)})
			if err == nil {
				_, err = out.Write(append(line, '\n'))
			}
			if failed = err; err != nil || len(seen) == count {
				cancel()
			}
		})
		if err != nil {
			return err
		}
	}
	lock.Lock()
	defer lock.Unlock()
	if failed == nil && len(seen) != count {
		failed = fmt.Errorf("messages received: %d (expected: %d)", len(seen), count)
	}
	if failed != nil {
		return failed
	}
	return out.Flush()
}

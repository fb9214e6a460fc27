/** As much of the package as the tests use; it brings no types. */
declare module 'dns2' {
  interface Question {
    name: string;
    type: number;
  }
  interface Message {
    header: { rcode: number };
    questions: Question[];
    answers: Record<string, unknown>[];
  }
  interface Server {
    listen(ports: { udp: { port: number; address: string } }): Promise<unknown>;
    addresses(): { udp: { port: number } };
    close(): Promise<void>;
  }
  const dns2: {
    Packet: {
      TYPE: Record<'A', number>;
      CLASS: Record<'IN', number>;

      createResponseFromRequest(request: Message): Message;
    };
    createServer(options: { udp: boolean; handle(request: Message, send: (response: Message) => void): void }): Server;
  };
  export default dns2;
}

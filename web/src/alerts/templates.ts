/** What chats are told instead of a signed CloudEvent: a text in which `{title}` and the like stand for what happened. */

export interface Preset {
  readonly id: string;
  readonly name: string; // of a service: the same in each language
  readonly address: string; // as theirs look
  readonly template: string;
}

/** Numbers cut what is longer than a service takes; `:html` is what keeps a name from calling a whole channel in Slack. */
export const PRESETS: readonly Preset[] = [
  {
    id: 'slack',
    name: 'Slack',
    address: 'https://hooks.slack.com/services/…',
    template: write({ text: '*{title:200:html}*\n{details:2500:html}\n{link}' }),
  },
  {
    id: 'discord',
    name: 'Discord',
    address: 'https://discord.com/api/webhooks/…',
    template: write({ content: '{title:200}\n{details:1500}\n{link}', allowed_mentions: { parse: [] } }),
  },
  {
    id: 'telegram',
    name: 'Telegram',
    address: 'https://api.telegram.org/bot<TOKEN>/sendMessage',
    template: write({ chat_id: 'CHAT', text: '{title:200}\n{details:3500}\n{link}' }),
  },
  {
    id: 'ntfy',
    name: 'ntfy',
    address: 'https://ntfy.sh',
    template: write({ topic: 'TOPIC', title: '{title:200}', message: '{details:3000}', click: '{link}' }),
  },
];

/** Which preset a text is, as long as nobody has changed more of it than where it goes; '' for none, 'own' for another. */
export function presetOf(template: string): string {
  if (template === '') return '';
  return PRESETS.find((each) => blank(each.template) === blank(template))?.id ?? 'own';
}

/** The address of a chat, and the topic, are a person's own. */
function blank(template: string): string {
  return template.replace(/("(?:chat_id|topic)": )"[^"]*"/, '$1""');
}

function write(body: object): string {
  return JSON.stringify(body, null, 1);
}

// What can be asked for, and how the page speaks of it.

export const MODES = {
  answer: {
    label: "Your question", placeholder: (name) => `Ask ${name} something`, hint: "Enter sends, Shift + Enter makes a new line",
    greeting: (name) => `What would you like to ask ${name}?`,
    lead: "The answer is drawn from what the author has published, and says where it stands.",
    starts: ["What would you tell somebody who starts with this today?", "Which mistake taught you the most?", "What do you disagree with most people about?"],
  },
  draft: {
    label: "What to write", placeholder: () => "A post, an article, a reply: say what it is to be about", hint: "Enter sends, Shift + Enter makes a new line",
    greeting: (name) => `What shall ${name} write?`,
    lead: "A draft in the author’s voice, with facts from what the author has published.",
    starts: ["Write a short post on what you learned this year.", "Write the opening of an article for beginners.", "Reply to a reader who asks where to begin."],
  },
  rewrite: {
    label: "Text to rewrite", placeholder: () => "Paste a text to have it rewritten in this voice", hint: "Ctrl or ⌘ + Enter sends",
    greeting: (name) => `Your text, as ${name} would put it`,
    lead: "The words change, the facts should not. Read it before you use it: a small model adds things of its own.",
    starts: [],
  },
};

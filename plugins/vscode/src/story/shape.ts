// How a tree of nodes becomes a tree of lines. A novel is a long chain with a few branches, so a chain
// of only children stays in one column: only what has alternatives goes further in.
import { StoryNode } from './wire';

export interface Line {
  node: StoryNode;
  /** Below it in the view: its alternatives, or the chain that goes on from an alternative. */
  below: Line[];
  above: Line | undefined;
}

export interface Shape {
  top: Line[];
  lines: Map<number, Line>;
}

/** `nodes`: parents before their children, children in order. */
export function shape(nodes: StoryNode[]): Shape {
  const top: Line[] = [];
  const lines = new Map<number, Line>();
  const isAlternative = new Set<Line>();
  for (const node of nodes) {
    const parent = node.parent === undefined ? undefined : lines.get(node.parent);
    const line: Line = { node, below: [], above: undefined };
    if (parent && (parent.node.children > 1 || isAlternative.has(parent))) {
      line.above = parent;
    } else {
      line.above = parent?.above;
    }
    if (parent && parent.node.children > 1) {
      isAlternative.add(line);
    }
    (line.above?.below ?? top).push(line);
    lines.set(node.id, line);
  }
  return { top, lines };
}

/** The words of a line. */
export function words(node: StoryNode): string {
  if (node.name) {
    return node.name;
  } else if (node.parent === undefined) {
    return 'the beginning';
  }
  const preview = typeof node.preview === 'string' ? node.preview : Buffer.from(node.preview).toString('utf8');
  return preview.replace(/\s+/g, ' ').trim() || '¶';
}

// One answer in a cell, while it streams.

export default () => {
  let answers;
  return {
    initialize({ model }) {
      answers = new Answers(model);
    },
    render({ el }) {
      const { root, leave } = answers.show("");
      el.append(root);
      return leave;
    },
  };
};

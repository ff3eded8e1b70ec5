// Tells the kernel that this page runs widgets, as soon as the page knows of it. No view.

export default {
  initialize({ model }) {
    model.send({ probe: true });
  },
};
